"""Labs as texts: their lessons parsed, listed and played."""
