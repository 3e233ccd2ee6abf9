"""Test the labs that come with the project as a course."""
