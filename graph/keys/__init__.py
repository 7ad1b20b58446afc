"""Which account showed which key when: per day, kept in the lake; over all days, with degrees, for a run."""
