"""`make bench`: labs beside plain Docker commands, and the drivers beside each other, as a table with ratios.

All in one run. Nothing here fails on a slow machine; the goals are printed beside what was measured. Lines are medians
of a few rounds, or means of more where chance has its part.
"""

import os

PROJECT = "labs-bench"
LAB = "swarm-basics"
ROUNDS = 3

# The project is read from the environment, by whatever is imported next.
os.environ["LABS_PROJECT"] = PROJECT
os.environ.pop("LABS_ROOT", None)
