"""Top floor: the case file, named queries, safe SQL, and the console script that mounts every command."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb


def open(lake: str | Path, *, memory_mib: int = 2048, threads: int = 2) -> "duckdb.DuckDBPyConnection":
    """A DuckDB connection to the published lake, for notebooks: the tables of the case file, all_signup, all_usage, ….

    Read-only and closed off as `hydratrace sql` is: `queries.open("lake").sql("FROM clusters").to_arrow_table()`.
    Raises LakeError if there is no lake or nothing was published.
    """
    from pipeline.lake import Lake
    from queries.sandbox import Limits, open_case

    return open_case(Lake.open(Path(lake)).root, Limits(memory_mib=memory_mib, threads=threads))
