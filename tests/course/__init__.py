"""Verify the labs that come with the project."""
