"""The case file: one DuckDB file that any DuckDB shell opens, and the daily segments beside it."""
