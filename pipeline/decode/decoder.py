"""Decodes polled batches of one topic: the one place where parsing, rules, privacy and addresses meet."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipeline import collector
from pipeline.contract.arrow import arrow_schema
from pipeline.contract.events import TOPIC_OF_TABLE
from pipeline.contract.schema import event_columns, event_fields
from pipeline.contract.tables import BY_NAME
from pipeline.decode import pseudonymise
from pipeline.decode.fingerprints import add_fingerprints
from pipeline.decode.parse import Parser
from pipeline.decode.reasons import Problem, Reason
from pipeline.decode.rejects import Rejects
from pipeline.formats.translate import Translator
from pipeline.privacy.places import Places
from pipeline.privacy.tokens import Tokens
from pipeline.sources.batch import PolledBatch, Span

OLDEST = int(datetime(2015, 1, 1, tzinfo=UTC).timestamp()) * 1_000_000
FUTURE_MICROSECONDS = 24 * 3600 * 1_000_000
LATEST_MILLISECONDS = (2**63 - 1 - FUTURE_MICROSECONDS) // 1000  # producers may send any timestamp
DAY_MICROSECONDS = 24 * 3600 * 1_000_000


@dataclass(frozen=True, slots=True)
class Decoded:
    """A span's good rows (schema of its table) and its rejected records (schema of `rejected`), by offset."""

    span: Span
    rows: pa.Table
    rejected: pa.Table


class Decoder:
    """Decodes batches of one event table; foreign records become events first, places are looked up if named."""

    def __init__(
        self, table: str, tokens: Tokens, translator: Translator | None = None, places: Places | None = None
    ) -> None:
        record = TOPIC_OF_TABLE[table].record
        self._schema = arrow_schema(BY_NAME[table])
        self._types = {column.name: column.type for column in event_columns(record)}
        self._fields = event_fields(record)
        self._translator, self._places = translator, places
        self._parser = Parser(record, inspected=translator is not None)
        self._rejects, self._tokens = Rejects(record, tokens), tokens

    @collector.paused()
    def decode(self, polled: PolledBatch, landed_at: datetime) -> Decoded:
        """Split a batch into rows and rejects: each record, or item of a foreign record, is in exactly one of them."""
        made = self._translator.translate(polled) if self._translator else None
        events = made.events if made else polled
        parsed = self._parser.parse(events.values)
        index, columns, problems = parsed.places, dict[str, Any](parsed.columns), dict(parsed.problems)
        if index:
            broken = self._broken_rules(events, index, columns)
            if broken:
                problems |= {index[row]: problem for row, problem in broken.items()}
                kept = [row for row in range(len(index)) if row not in broken]
                index = [index[row] for row in kept]
                columns = {name: _take(column, kept) for name, column in columns.items()}
        if made:
            problems = made.told(problems)
        rows = self._rows(events, index, columns, landed_at) if index else self._schema.empty_table()
        rejected = self._rejects.batch(events, problems, landed_at, made.records if made else None)
        return Decoded(polled.span, rows, rejected)

    def _broken_rules(self, polled: PolledBatch, index: list[int], columns: dict[str, Any]) -> dict[int, Problem]:
        """Check what one field's type cannot say: row → problem; parses addresses and times in place."""
        broken: dict[int, Problem] = {}
        if "ip" in columns:
            addresses = pseudonymise.parse_addresses(columns["ip"])
            columns["ip"] = addresses
            wrong = [code for code, address in enumerate(addresses.distinct) if address is None]
            for row in np.flatnonzero(np.isin(addresses.codes.to_numpy(), wrong)).tolist() if wrong else ():
                broken[row] = Problem(Reason.INVALID_IP, path="$.ip")
        times = columns["event_time"] = _microseconds(columns["event_time"])
        for row in np.flatnonzero(times < OLDEST).tolist():
            broken[row] = Problem(Reason.TIME_TOO_OLD, path="$.event_time")
        if polled.times:
            kafka = np.minimum(np.array(polled.times, dtype=np.int64)[index], LATEST_MILLISECONDS) * 1000
            for row in np.flatnonzero((kafka >= 0) & (times > kafka + FUTURE_MICROSECONDS)).tolist():
                broken[row] = Problem(Reason.TIME_IN_FUTURE, path="$.event_time")
        return broken

    def _rows(self, polled: PolledBatch, index: list[int], columns: dict[str, Any], landed_at: datetime) -> pa.Table:
        recipes = add_fingerprints(columns)
        arrays = self._stored(columns, recipes)
        count = len(index)
        days = np.asarray(columns["event_time"]) // DAY_MICROSECONDS
        arrays |= {
            "fingerprint_version": pa.array(recipes, pa.string()),
            "event_date": pa.array(days.astype(np.int32)).cast(pa.date32()),
            "_topic_id": pa.repeat(polled.span.topic_id, count),
            "_topic": pa.repeat(polled.span.topic, count),
            "_partition": pa.array(np.full(count, polled.span.partition, dtype=np.int64)),
            "_offset": pa.array(np.array(polled.offsets, dtype=np.int64)[index]),
            "_landed_at": pa.repeat(pa.scalar(landed_at, pa.timestamp("us", "UTC")), count),
        }
        return pa.Table.from_arrays([arrays[name] for name in self._schema.names], schema=self._schema)

    def _stored(self, columns: dict[str, Any], recipes: Sequence[str | None]) -> dict[str, pa.Array]:
        arrays: dict[str, pa.Array] = {}
        for name, storage, _ in self._fields:
            values = columns[name]
            if storage.how == "clear":
                arrays[name] = pseudonymise.clear_column(values, self._types[name])
            elif storage.how == "token":
                arrays[storage.column] = pseudonymise.token_column(self._tokens, storage, values, recipes)
            elif storage.how == "email":
                arrays |= pseudonymise.email_columns(self._tokens, values)
            elif storage.how == "ip":
                arrays |= pseudonymise.ip_columns(self._tokens, values, self._places)
            elif storage.how == "minhash":
                arrays[name] = pseudonymise.slot_column(self._tokens, values, recipes)
        return arrays


def _take(column: Any, rows: list[int]) -> Any:
    if isinstance(column, pseudonymise.Coded):
        return column.take(rows)
    return column[rows] if isinstance(column, np.ndarray) else [column[row] for row in rows]


def _microseconds(times: Sequence[datetime]) -> npt.NDArray[np.int64]:
    array: npt.NDArray[np.int64] = pa.array(times, pa.timestamp("us", "UTC")).cast(pa.int64()).to_numpy()
    return array
