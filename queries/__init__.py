"""Top floor: the case file, named queries, safe SQL, and the console script that mounts every command."""
