"""The tables that a link run writes, each drawn from the run's results."""
