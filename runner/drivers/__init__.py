"""The drivers, one package each, and what they share."""
