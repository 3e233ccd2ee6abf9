"""The live screen beside a learner's terminal: what it knows, when it looks, and how it is drawn."""
