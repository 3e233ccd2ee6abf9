"""The lesson site: labs as static pages."""
