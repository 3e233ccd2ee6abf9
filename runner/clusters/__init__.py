"""Clusters: choose their driver; start, provision, find, stop and remove them."""
