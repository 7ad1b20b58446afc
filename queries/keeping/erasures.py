"""The log of erasures: that something was erased, when and by whom, but not whose it was."""

from collections.abc import Collection, Iterable
from datetime import datetime
from functools import partial

import duckdb
import msgspec
import pyarrow as pa
from deltalake import DeltaTable, write_deltalake

from pipeline.contract.arrow import arrow_schema
from pipeline.contract.tables import BY_NAME, Erasure
from pipeline.lake import Lake
from pipeline.privacy.tokens import Tokens
from queries.keeping.rows import insist

KIND = "erased_account"


def account_token(tokens: Tokens, account_id: str) -> str:
    """What the log calls an account: only who has the key and the id can tell that they belong together."""
    return tokens.token(KIND, account_id)


def record(lake: Lake, erasures: Iterable[Erasure]) -> None:
    """Append to the log."""
    rows = [msgspec.structs.asdict(erasure) for erasure in erasures]
    if rows:
        insist(lake, "erasures", partial(_append, pa.Table.from_pylist(rows, arrow_schema(BY_NAME["erasures"]))))


def _append(rows: pa.Table, delta: DeltaTable) -> None:
    write_deltalake(delta, rows, mode="append")


def logged(lake: Lake) -> list[Erasure]:
    """The whole log, oldest first; an erasure's rows have one time: its beginning, what it took, its end."""
    with duckdb.connect() as con:
        con.execute("SET TimeZone = 'UTC'")
        order = """erased_at, "table" <> '', "table" = '*', "table" """
        rows = con.sql(f"FROM ({lake.select('erasures')}) ORDER BY {order}").to_arrow_table().to_pylist()
    return [msgspec.convert(row, Erasure) for row in rows]


def erased_among(lake: Lake, tokens: Tokens, accounts: Collection[str]) -> dict[str, datetime]:
    """Which of `accounts` were erased, and when last."""
    told = {erasure.account_token: erasure.erased_at for erasure in logged(lake)}
    names = {account: account_token(tokens, account) for account in accounts}
    return {account: told[name] for account, name in names.items() if name in told}
