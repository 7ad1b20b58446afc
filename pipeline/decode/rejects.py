"""Rows of the `rejected` table: where the record is, what is wrong, and as much of it as may be kept."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
import pyarrow as pa

from pipeline.contract.arrow import arrow_schema
from pipeline.contract.events import Event
from pipeline.contract.schema import event_fields
from pipeline.contract.storage import Kind, Storage
from pipeline.contract.tables import BY_NAME
from pipeline.decode.reasons import Problem
from pipeline.privacy.address import canonical as canonical_address
from pipeline.privacy.email import canonical as canonical_email
from pipeline.privacy.tokens import Tokens
from pipeline.sources.batch import PolledBatch

REJECTED = arrow_schema(BY_NAME["rejected"])
INT64_MAX = 2**63 - 1


class Rejects:
    """Makes `rejected` rows for one topic."""

    def __init__(self, record: type[Event], tokens: Tokens) -> None:
        self._storage: Mapping[str, Storage] = {name: storage for name, storage, _ in event_fields(record)}
        self._tokens = tokens

    def batch(
        self,
        polled: PolledBatch,
        problems: Mapping[int, Problem],
        landed_at: datetime,
        records: Sequence[bytes | None] | None = None,
    ) -> pa.Table:
        """Rows for the records of `polled` that have a problem, in offset order.

        `records`, if given, are what came in place of `polled.values`, which were made from them.
        """
        came = polled.values if records is None else records
        rows = [
            self._row(polled, index, problems[index], landed_at) | self._identity(came[index])
            for index in sorted(problems)
        ]
        return pa.Table.from_pylist(rows, schema=REJECTED)

    def _identity(self, record: bytes | None) -> dict[str, Any]:
        return {"size_bytes": len(record or b""), "digest": self._tokens.digest("record", record or b"")}

    def _row(self, polled: PolledBatch, index: int, problem: Problem, landed_at: datetime) -> dict[str, Any]:
        key = polled.keys[index] if polled.keys else None
        return {
            "_topic_id": polled.span.topic_id,
            "_topic": polled.span.topic,
            "_partition": polled.span.partition,
            "_offset": polled.offsets[index],
            "kafka_time": _instant(polled.times[index]) if polled.times else None,
            "reason": problem.reason.value,
            "detail": problem.detail or problem.reason.description,
            "path": problem.path,
            "raw": self.raw(polled.values[index] or b""),
            "kafka_key": None if key is None else self._tokens.digest(Kind.KAFKA_KEY, key),
            "_landed_at": landed_at,
        }

    def raw(self, value: bytes) -> str | None:
        """Return the record's known fields as JSON with sensitive values as tokens; None if it cannot be parsed."""
        try:
            content = json.loads(value.decode())  # strict: bytes would be taken for UTF-16 too
            if not isinstance(content, dict):
                return None
            kept = {name: self._kept(name, content[name]) for name in self._storage if name in content}
            return msgspec.json.encode({k: v for k, v in kept.items() if v is not ...}).decode()
        except (ValueError, RecursionError, msgspec.MsgspecError):
            return None

    def _kept(self, name: str, value: Any) -> Any:
        storage = self._storage[name]
        if storage.how == "dropped":
            return ...
        if value is None:
            return None
        if storage.how != "clear":
            return self._token(storage, value)
        if isinstance(value, dict | list):
            return f"<{type(value).__name__}>"  # may hold anything, a prompt too
        if isinstance(value, int) and abs(value) > INT64_MAX:
            return "<int>"
        return value

    def _token(self, storage: Storage, value: Any) -> str:
        text = value if isinstance(value, str) else json.dumps(value, sort_keys=True)
        if storage.how == "email":
            return self._tokens.token(Kind.EMAIL, canonical_email(text).whole)
        if storage.how == "ip":
            address = canonical_address(text)
            return self._tokens.token(Kind.IP, address.whole if address else text)
        return self._tokens.token(storage.kind or storage.how, text)


def _instant(milliseconds: int) -> datetime | None:
    """Kafka timestamp as a datetime; None where the record has none (−1) or it is out of the calendar."""
    try:
        return datetime.fromtimestamp(milliseconds / 1000, UTC) if milliseconds >= 0 else None
    except (OverflowError, ValueError, OSError):
        return None
