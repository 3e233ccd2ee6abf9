"""The learner's progress through a lab: completed steps, the next step, hints, and replaying to a step."""
