"""No byte of a lake tells what must not be kept, whether the event was good or rejected."""

import base64
import hashlib
import json
from dataclasses import dataclass, replace

import pyarrow.parquet as pq
import pytest

from pipeline.decode.reasons import Reason
from pipeline.sources.batch import PolledBatch
from pipeline.sources.source import Plan
from tests.pipeline.landed import drained, job, rows
from tests.pipeline.records import GOOD, event, polled

OF_MAPPINGS = {"unmappable", "irrelevant"}  # only records that a mapping translates break these
MARK = "Xyzzy7Qq"
ADDRESSES = ("203.0.113.77", "2001:db8:feed:beef:1:2:3:4")
SLOTS = list(range(4_042_322_000, 4_042_322_016))
SECRETS = {
    "signup": {"email": f"{MARK}.Smith+tag@example.org", "ip": ADDRESSES[0], "device_id": f"dev-{MARK}"},
    "payment": {
        "card_fingerprint": f"card {MARK}",
        "billing_name": f"{MARK} Smith",
        "billing_postcode": f"{MARK} 1AB",
    },
    "usage": {
        "api_key_id": f"sk-{MARK}",
        "ip": ADDRESSES[1],
        "prompt": [{"role": "user", "content": [{"type": "text", "text": f"tell {MARK} of one two three"}]}],
    },
    "action": {},
}
HASHED = {
    "prompt_minhash": SLOTS,
    **dict.fromkeys(("system_hash", "prompt_template_hash", "conversation_prefix_hash"), f"{MARK}-hash"),
}
UNHASHED = dict.fromkeys(HASHED, ...)


def bad_records(table):
    """A record that breaks each rule, with secrets in it."""
    sent = SECRETS[table] | {"other": MARK}
    whole = event(table, **sent)
    yield from (None, whole[:-1], b'"' + MARK.encode() + b'"', b"[" + whole + b"]", whole[:-1] + b',"x":"\xff"}')
    yield whole[:-1] + b',"x":"' + MARK.encode() * 2**18 + b'"}'
    yield whole[:-1] + b',"x":' + b"[" * 70 + b"]" * 70 + b"}"
    yield whole[:-1] + b',"x":1e999}'
    yield whole[:-1] + b',"x":"\\ud800"}'
    for name, value in {**sent, MARK: MARK}.items():
        yield whole[:-1] + f",{json.dumps(name)}:{json.dumps(value)},{json.dumps(name)}:1}}".encode()
    for name in SECRETS[table]:
        yield event(table, **sent | {name: {MARK: [MARK]}})
        yield event(table, **sent | {name: [[MARK]]})
        yield event(table, **sent | {name: 5}, account_id=...)
    yield event(table, **sent, event_time="2026-06-14T00:00:00")
    yield event(table, **sent, event_time="2014-06-14T00:00:00Z")
    yield event(table, **sent, event_time="2999-06-14T00:00:00Z")
    yield event(table, **sent, event_time=None)
    yield event(table, **sent, account_id="")
    if "ip" in sent:
        yield event(table, **sent | {"ip": f"not an address: {MARK}"})
    if table == "payment":
        yield event(table, **sent, payment_method="barter")
    if table == "usage":
        yield event(table, **sent | HASHED, status=-1)
        yield event(table, **sent | {"prompt": f"a text {MARK}"}, status=-1)
        yield event(table, **sent | {"prompt": [{"content": MARK}]})
        yield event(table, **sent | {"prompt_minhash": [MARK]})
        yield event(table, **sent | {"prompt_minhash": SLOTS[:15]})


def good_records(table):
    yield event(table, **SECRETS[table], other=MARK)
    yield event(table, **SECRETS[table], other={MARK: [MARK]})
    if table == "usage":
        yield event(table, **SECRETS[table] | HASHED)
        yield event(table, **SECRETS[table] | UNHASHED)
        yield event(table, **SECRETS[table] | UNHASHED | {"prompt": f"a text {MARK}"})


@dataclass(frozen=True)
class Given:
    """A source of these batches, with keys and timestamps, as Kafka has them."""

    batches: tuple[PolledBatch, ...]

    def plan(self, tips, known):
        spans = [batch.span for batch in self.batches if (tips(batch.span.table, batch.span.application) or 0) == 0]
        return Plan(spans, len(spans))

    def fetch(self, span):
        yield from (batch for batch in self.batches if batch.span == span)

    def close(self):
        pass


def batch(table):
    values = [*good_records(table), *bad_records(table)]
    keys = [MARK.encode()] * len(values)
    made = polled(table, values, keys=keys, times=[1_781_500_000_000] * len(values))
    return replace(made, span=replace(made.span, topic_id=table, application=f"{table}/0"))


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    landing = job(tmp_path_factory.mktemp("secrecy") / "lake", Given(tuple(batch(table) for table in GOOD)))
    drained(landing)
    return landing.lake


def told():
    """What would give a secret away, in lower case: itself, encoded, or hashed without the key."""
    values = {value for sent in SECRETS.values() for value in sent.values() if isinstance(value, str)}
    values |= {MARK, f"{MARK}.smith@example.org".lower(), f"{MARK}-hash"}
    for text in values:
        raw = text.encode()
        yield from (text, raw.hex(), base64.b64encode(raw).decode().rstrip("=")[:-1])
        yield from (hashlib.new(name, raw).hexdigest()[:32] for name in ("md5", "sha1", "sha256"))
    yield from map(str, SLOTS)
    yield from (MARK[::-1], MARK.encode("utf-16-le").decode("latin-1"))


def test_every_rule_was_broken_and_good_rows_landed(lake):
    assert {row["reason"] for row in rows(lake, "rejected")} == set(Reason) - OF_MAPPINGS
    assert {table: len(rows(lake, table)) for table in GOOD} == {"signup": 2, "payment": 2, "usage": 5, "action": 2}


def test_no_file_of_the_lake_tells_a_secret(lake):
    files = [path for path in lake.root.rglob("*") if path.is_file()]
    assert len(files) > 10
    searched = {path: path.read_bytes().decode("latin-1") + str(path) for path in files}
    for path in files:
        if path.suffix == ".parquet":
            parquet = pq.ParquetFile(path)
            groups = [parquet.metadata.row_group(n).to_dict() for n in range(parquet.num_row_groups)]
            searched[path] += f"{parquet.read().to_pylist()} {groups} {parquet.schema_arrow.metadata}"
    for path, text in searched.items():
        found = [secret for secret in told() if secret.lower() in text.lower()]
        assert found == [], path


def test_a_secret_in_clear_would_be_found(lake):
    """The search finds what is kept in clear, so it would find a secret too."""
    everything = "".join(str(rows(lake, table)) for table in GOOD)
    assert all(clear in everything for clear in ("acct-1", "example.org", "203.0.113.0/24", "2001:db8:feed::/48"))


def test_nothing_of_it_is_said_either(tmp_path, capfd, caplog):
    drained(job(tmp_path / "lake", Given(tuple(batch(table) for table in GOOD))))
    said = capfd.readouterr()
    assert not [secret for secret in told() if secret.lower() in (said.out + said.err + caplog.text).lower()]
