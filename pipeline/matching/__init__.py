"""Events that touch a known operator's rare keys, told while they land."""
