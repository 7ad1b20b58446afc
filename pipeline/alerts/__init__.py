"""Tells each hook, once, what is new about the operators that were found."""
