"""Run checks against a cluster, hold their results, and verify that lessons and checks agree."""
