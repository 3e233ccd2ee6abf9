"""The learner's way through a lab: what was reached, where to go on, and what helps there."""
