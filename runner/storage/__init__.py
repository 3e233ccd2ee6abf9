"""Files that labs keeps: durable writes, locks, the cache, managed output folders."""
