"""The builder and the live server of the lesson site."""
