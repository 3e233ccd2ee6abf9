"""Says what a cluster has reached: runs checks, keeps their outcomes, proves that lessons and checks agree."""
