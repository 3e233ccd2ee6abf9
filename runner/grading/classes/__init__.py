"""Classes as course systems hand them out: rosters, downloads, deadlines, manual points, statistics."""
