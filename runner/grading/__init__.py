"""Grades submissions: plays what a learner has handed in on a fresh cluster, and says what it is worth."""
