"""What both drivers use."""
