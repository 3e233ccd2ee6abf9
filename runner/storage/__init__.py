"""Files that labs keeps: atomic writes, locks, the cache, managed output folders, and the JSON codec."""
