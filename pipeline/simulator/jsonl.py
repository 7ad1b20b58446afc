"""Events as files: DIR/<topic>.jsonl."""

from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path

import msgspec

from pipeline.simulator.account import ActionRecord, PaymentRecord, Record, SignupRecord, Timed, UsageRecord

TABLES: dict[type[Record], str] = {
    SignupRecord: "signup",
    PaymentRecord: "payment",
    UsageRecord: "usage",
    ActionRecord: "action",
}


def write(events: Iterable[Timed], folder: Path, topics: Mapping[str, str]) -> int:
    """Write all events, one JSON object a line; `topics` is table → topic. Returns how many."""
    folder.mkdir(parents=True, exist_ok=True)
    encode = msgspec.json.Encoder().encode
    written = 0
    with ExitStack() as stack:
        files = {
            record: stack.enter_context((folder / f"{topics[table]}.jsonl").open("wb", buffering=2**18))
            for record, table in TABLES.items()
        }
        for _, record in events:
            file = files[type(record)]
            file.write(encode(record))
            file.write(b"\n")
            written += 1
    return written
