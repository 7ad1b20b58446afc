"""`hydratrace run`: every step as a child process of its own, started when it is due, told of when it fails."""
