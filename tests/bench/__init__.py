"""`make bench`: compare labs with plain Docker commands, and the drivers with each other, in a table with ratios.

All measurements come from one run. A slow host does not make the benchmark fail: goals are printed beside the results.
Each row is the median of a few rounds, or the mean of more rounds where results vary by chance.
"""

import os

BENCH_PROJECT = "labs-bench"
BENCH_LAB = "swarm-basics"
ROUNDS = 3

# Modules that are imported later read the project from the environment.
os.environ["LABS_PROJECT"] = BENCH_PROJECT
os.environ.pop("LABS_ROOT", None)
