"""Grade submissions: plan, collect, run on an executor, and report; also write bundles for other autograders."""
