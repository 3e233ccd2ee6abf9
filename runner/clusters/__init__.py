"""Clusters: find, choose a driver for, start, provision, stop and remove them."""
