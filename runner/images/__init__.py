"""What images are made from: the recipes, and the Debian base they all stand on."""
