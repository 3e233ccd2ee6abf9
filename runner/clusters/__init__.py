"""What runs: clusters, their nodes, and the verbs that start, halt and remove them."""
