"""Matches of a batch of landed events against the watch list."""

from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.contract.arrow import arrow_schema
from pipeline.contract.tables import ADDRESS, BY_NAME
from pipeline.matching.shown import SHOWN, Draw
from pipeline.matching.watchlist import KeySet, WatchList

SCHEMA = arrow_schema(BY_NAME["matches"])
OF_THE_EVENT = (*(column.name for column in ADDRESS), "event_id", "event_time", "account_id")
OF_THE_KEY = ("cluster_uid", "kind", "key", "weight", "family", "is_circumstantial")


def match(watched: WatchList, table: str, rows: pa.Table, now: datetime) -> pa.Table:
    """Rows of `matches`, by offset: a row for each event of `rows` and watched key that it shows.

    An account that is a member of the key's cluster already matches nothing. Circumstances (addresses, mail, client)
    match where an event shows such keys of two families, or one beside a key that tells by itself: strangers come to
    have an operator's address sooner than his card, device or conversation.
    """
    kinds = {kind: draw for kind, draw in SHOWN.get(table, {}).items() if kind in watched.kinds}
    if not kinds or not rows.num_rows:
        return SCHEMA.empty_table()
    shown = pa.concat_tables(_of_kind(watched, watched.kinds[kind], draw, rows) for kind, draw in kinds.items())
    found = shown.filter(pa.array(_tell(shown), pa.bool_()))
    found = found.append_column("run_id", pa.repeat(watched.run_id, found.num_rows))
    found = found.append_column("matched_at", pa.repeat(pa.scalar(now, pa.timestamp("us", "UTC")), found.num_rows))
    return found.select(SCHEMA.names).cast(SCHEMA).sort_by([("_offset", "ascending"), ("kind", "ascending")])


def _of_kind(watched: WatchList, keys: KeySet, draw: Draw, rows: pa.Table) -> pa.Table:
    """Events that show one of `keys`, which is not their account's own cluster's, with the columns of the key."""
    at, place = keys.find(draw(rows))
    events = rows.select(OF_THE_EVENT).take(pa.array(at))
    touched = keys.rows.select(OF_THE_KEY).take(pa.array(place))
    for name in OF_THE_KEY:
        events = events.append_column(name, touched[name])
    known = [watched.members.get(account) for account in events["account_id"].to_pylist()]
    return events.filter(pc.fill_null(pc.not_equal(events["cluster_uid"], pa.array(known, pa.string())), True))


def _tell(shown: pa.Table) -> list[bool]:
    """Whether what each row's event shows of the row's cluster is more than one circumstance."""
    pairs = list(zip(shown["_offset"].to_pylist(), shown["cluster_uid"].to_pylist(), strict=True))
    families: dict[tuple[int, str], set[str]] = {}
    telling: set[tuple[int, str]] = set()
    circumstantial, family = shown["is_circumstantial"].to_pylist(), shown["family"].to_pylist()
    for pair, circumstance, name in zip(pairs, circumstantial, family, strict=True):
        families.setdefault(pair, set()).add(name)
        if not circumstance:
            telling.add(pair)
    return [pair in telling or len(families[pair]) > 1 for pair in pairs]
