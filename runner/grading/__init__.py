"""Grades submissions: collect, plan, run on an executor, and report; also bundles for other autograders."""
