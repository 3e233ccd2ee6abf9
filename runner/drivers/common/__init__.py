"""Code that both drivers share."""
