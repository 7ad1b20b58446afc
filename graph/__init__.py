"""Middle floor: links accounts by what they share, with evidence, into operator clusters."""
