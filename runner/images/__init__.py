"""The recipes that images are built from, and the Debian base image that all of them share."""
