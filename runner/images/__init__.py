"""What images are built from: the recipes, and the Debian base image that all of them share."""
