"""Erasure: an account's rows leave every table, every run and the case file. docs/decisions has the argument."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

import duckdb
import msgspec
import pyarrow as pa
from deltalake import DeltaTable

from pipeline.alerts.claims import only_sender
from pipeline.alerts.findings import ID_CHARACTERS
from pipeline.alerts.text import clean
from pipeline.contract.ddl import quoted
from pipeline.contract.storage import Kind
from pipeline.contract.tables import EVENT_TABLES, Erasure
from pipeline.errors import LakeError
from pipeline.exclusion import rewriting
from pipeline.lake import Lake
from pipeline.privacy.tokens import Tokens
from queries.casefile import segments
from queries.casefile.publish import NAME, publish, sweep
from queries.keeping import redrawing
from queries.keeping.erasures import account_token, logged, record
from queries.keeping.ghosts import remove_ghosts
from queries.keeping.history import forget
from queries.keeping.rows import drop_by_day, drop_listed, insist
from queries.keeping.runrows import Replaced, drop_from_runs, drop_unfinished, mend

# An account that goes on sending events lands anew while it is erased; after so many passes that is the finding.
PASSES = 3
# A pass over a hook starts no new try after half a minute, and a try takes as long at most.
SENDING_SECONDS = 75.0
# Lists of an alert's finding that name accounts.
NAMED = {"members", "touches"}


@dataclass(frozen=True)
class Subject:
    """Whose rows go, who asked for it, and when."""

    account_id: str
    tokens: Tokens
    erased_by: str
    erased_at: datetime

    def erasure(self, table: str, rows: int, file: Replaced | None = None) -> Erasure:
        """An entry of the log."""
        return Erasure(
            account_token=account_token(self.tokens, self.account_id),
            table=table,
            rows=rows,
            run_id=file.run_id if file else None,
            sha256_before=file.before if file else None,
            sha256_after=file.after if file else None,
            erased_by=self.erased_by,
            erased_at=self.erased_at,
        )


def erase(lake: Lake, account_id: str, tokens: Tokens, erased_by: str) -> dict[str, int]:
    """Erase an account; table → rows that left. Doing it again completes one that was killed.

    Raises LakeError if the lake cannot be written: what was done stays done.
    """
    subject = Subject(account_id, tokens, erased_by, datetime.now(UTC))
    dropped: dict[str, int] = {}
    with rewriting(lake), duckdb.connect() as con:
        con.execute("SET TimeZone = 'UTC'")
        mend(lake, {e.sha256_before: e.sha256_after for e in logged(lake) if e.sha256_before and e.sha256_after})
        record(lake, [subject.erasure("", 0)])  # that it began: whatever is killed, the log has it
        for _ in range(PASSES):
            found = _drop_rows(con, lake, subject)
            if not any(found.values()):
                break
            dropped = {table: dropped.get(table, 0) + rows for table, rows in found.items()}
        drop_unfinished(lake)
        dropped["runs"] = drop_from_runs(lake, account_id, partial(_record_files, lake, subject))
        record(lake, [subject.erasure(table, rows) for table, rows in dropped.items() if rows and table != "runs"])
        for table, doomed in _places(subject).items():
            remove_ghosts(con, lake, table, doomed)
            forget(lake, table)
        forget(lake, "runs")
        _publish_again(lake)
        record(lake, [subject.erasure("*", sum(dropped.values()))])
    return {table: rows for table, rows in dropped.items() if rows}


def still_there(lake: Lake, account_id: str, tokens: Tokens) -> int:
    """Rows of the account that have landed since it was erased."""
    places = _places(Subject(account_id, tokens, "", datetime.now(UTC)))
    with duckdb.connect() as con:
        return sum(_count(con, lake, table, doomed) for table, doomed in places.items())


def mentions(lake: Lake, account_id: str) -> int:
    """Decisions whose reason names the account: somebody's words, which are theirs to change."""
    with duckdb.connect() as con:
        return _count(con, lake, "decisions", f"contains(reason, {quoted(account_id)})")


def _places(subject: Subject) -> dict[str, str]:
    """Table → SQL that tells the rows of the account."""
    own = f"account_id = {quoted(subject.account_id)}"
    key = quoted(subject.tokens.digest(Kind.KAFKA_KEY, subject.account_id.encode()))
    shown = quoted(clean(subject.account_id, ID_CHARACTERS))
    return {
        **dict.fromkeys((table.name for table in EVENT_TABLES), own),
        "account_key_days": own,
        "matches": own,
        "rejected": f"kafka_key = {key} OR json_extract_string(raw, '$.account_id') = {quoted(subject.account_id)}",
        "alerts": " OR ".join(
            f"list_contains(json_extract_string(body, '$.data.{where}[*].account_id'), {shown})" for where in NAMED
        ),
    }


def _drop_rows(con: duckdb.DuckDBPyConnection, lake: Lake, subject: Subject) -> dict[str, int]:
    places = _places(subject)
    dropped: dict[str, int] = {"account_key_days": _count(con, lake, "account_key_days", places["account_key_days"])}
    own = [table.name for table in EVENT_TABLES]
    days = [con.sql(f"SELECT DISTINCT event_date FROM ({lake.select(t)}) WHERE {places[t]}").fetchall() for t in own]
    redrawing.note(lake, (day for found in days for (day,) in found))
    redrawing.note_signups(lake, (day for (day,) in days[own.index("signup")]))
    for table in own:
        dropped[table] = sum(drop_by_day(con, lake, table, places[table]).values())
    redrawing.redraw_noted(con, lake)
    for table, column in (("rejected", "digest"), ("matches", "event_id")):
        rows = con.sql(f"SELECT {column} FROM ({lake.select(table)}) WHERE {places[table]}").fetchall()
        dropped[table] = drop_listed(lake, table, column, (value for (value,) in rows))
    with nobody_sending(con, lake):
        dropped["alerts"] = _drop_from_alerts(con, lake, subject, places["alerts"])
    return dropped


@contextmanager
def nobody_sending(con: duckdb.DuckDBPyConnection, lake: Lake) -> Iterator[None]:
    """Hold the claims of all hooks: a sender would write what it has read of a waiting alert again.

    Raises LakeError if one sends for longer than a pass may take.
    """
    hooks = con.sql(f"SELECT DISTINCT hook FROM ({lake.select('alerts')}) ORDER BY hook").fetchall()
    with ExitStack() as held:
        for (hook,) in hooks:
            if not held.enter_context(only_sender(lake, hook, SENDING_SECONDS)):
                raise LakeError(f"hook {hook} was sent to for {SENDING_SECONDS:.0f} s", remedy="erase again later")
        yield


def _count(con: duckdb.DuckDBPyConnection, lake: Lake, table: str, where: str) -> int:
    counted: int = con.sql(f"SELECT count(*) FROM ({lake.select(table)}) WHERE {where}").fetchall()[0][0]
    return counted


def _drop_from_alerts(con: duckdb.DuckDBPyConnection, lake: Lake, subject: Subject, doomed: str) -> int:
    """Take the account out of those that alerts name; the rest of an alert stays, and so does its id."""
    rows = con.sql(f'SELECT alert_uid, "at", body FROM ({lake.select("alerts")}) WHERE {doomed}').to_arrow_table()
    if not rows.num_rows:
        return 0
    shown = clean(subject.account_id, ID_CHARACTERS)
    bodies = pa.array([_without_account(body, shown) for body in rows["body"].to_pylist()])
    rows = rows.set_column(rows.schema.get_field_index("body"), "body", bodies)
    insist(lake, "alerts", partial(_merge, rows))
    return int(rows.num_rows)


def _merge(rows: pa.Table, delta: DeltaTable) -> None:
    same = "told.alert_uid = changed.alert_uid AND told.at = changed.at AND told.body IS NOT NULL"
    merger = delta.merge(rows, same, source_alias="changed", target_alias="told")
    merger.when_matched_update({"body": "changed.body"}).execute()


def _without_account(body: str, shown: str) -> str:
    content = msgspec.json.decode(body)
    for where in NAMED & content["data"].keys():
        content["data"][where] = [one for one in content["data"][where] if one["account_id"] != shown]
    return msgspec.json.encode(content).decode()


def _record_files(lake: Lake, subject: Subject, files: list[Replaced]) -> None:
    record(lake, [subject.erasure(file.table, file.rows, file) for file in files])


def _publish_again(lake: Lake) -> None:
    if (lake.root / NAME).exists() and lake.runs():
        publish(lake, anew=True)
    else:
        sweep(lake)
    listed = {period.name for period in segments.periods(lake)}
    for file in segments.folder(lake).glob("*.duckdb"):
        if file.name not in listed:
            file.unlink()
