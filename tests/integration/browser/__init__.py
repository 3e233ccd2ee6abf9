"""The lesson site and the HTML grade reports in a real browser."""
