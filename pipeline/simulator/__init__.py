"""A simulated provider: honest accounts of many kinds, and operators at several levels of evasion, as events."""
