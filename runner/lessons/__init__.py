"""Labs as files: parse, list, lint, create and play their lessons."""
