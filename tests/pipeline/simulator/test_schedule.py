"""The whole simulation, as events and truth."""

import gc
import os
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections import Counter
from datetime import UTC, datetime

import msgspec
import pytest

from pipeline.contract.events import TOPIC_OF_TABLE
from pipeline.errors import HydratraceError
from pipeline.simulator import runs, schedule
from pipeline.simulator.account import ActionRecord, SignupRecord, UsageRecord
from pipeline.simulator.clock import DAY, microseconds
from pipeline.simulator.jsonl import TABLES
from pipeline.simulator.schedule import simulate
from pipeline.simulator.tradecraft import levels
from pipeline.simulator.truth import Truth
from pipeline.simulator.world import Plan

START = microseconds(datetime(2026, 6, 1, tzinfo=UTC))
# One operator of each level, and every kind of honest account.
PLAN = Plan(accounts=700, operators=len(levels()), days=3, seed=5, start=START, raw_prompts=True)
HONEST_KINDS = {
    *("individual", "chat_user", "framework_user", "tool_user", "tutorial_reader", "prompt_pack_buyer", "vpn_user"),
    *("mobile_user", "private_person", "cron_user", "cloud_desktop_user", "banned_person", "power_user", "leaked_key"),
    *("household", "two_accounts", "course", "hackathon", "startup", "company", "coworking", "agency", "contractors"),
    *("evaluation_company", "synthetic_data_startup", "coding_agency", "researcher"),
}

CHECKSUM = """
import hashlib, sys
import msgspec
from pipeline.simulator.schedule import simulate
from pipeline.simulator.world import Plan
digest = hashlib.sha256()
for arrival, record in simulate(Plan(accounts=120, operators=2, days=2, seed=int(sys.argv[1]), start=1780272000000000)):
    digest.update(b"%d " % arrival + msgspec.json.encode(record))
print(digest.hexdigest())
"""


@pytest.fixture(scope="module")
def simulated():
    truth = Truth()
    began = time.process_time()
    events = list(simulate(PLAN, truth))
    seconds = time.process_time() - began
    print(f"\n{len(events):,} events in {seconds:.1f} CPU s: {len(events) / seconds:,.0f} a second")
    return events, truth


def test_the_seed_decides_every_byte():
    def checksum(seed, hash_seed):
        environment = os.environ | {"PYTHONHASHSEED": str(hash_seed)}
        command = [sys.executable, "-c", CHECKSUM, str(seed)]
        return subprocess.run(command, capture_output=True, check=True, env=environment).stdout

    assert checksum(3, 1) == checksum(3, 2) != checksum(4, 1)


def test_every_event_keeps_the_contract(simulated):
    events, _ = simulated
    decoders = {
        record: msgspec.json.Decoder(TOPIC_OF_TABLE[table].record, strict=True) for record, table in TABLES.items()
    }
    for _, record in events:
        decoded = decoders[type(record)].decode(msgspec.json.encode(record))
        assert decoded.event_time == record.event_time
    assert {type(record) for _, record in events} == set(decoders)


def test_nothing_arrives_before_it_happens_or_after_later_arrivals(simulated):
    events, _ = simulated
    arrivals = [arrival for arrival, _ in events]
    assert arrivals == sorted(arrivals)
    delays = [arrival - microseconds(record.event_time) for arrival, record in events]
    assert min(delays) == 0
    assert 0.002 < sum(delay > DAY / 48 for delay in delays) / len(delays) < 0.006, "a few are late"
    times = [microseconds(record.event_time) for _, record in events]
    assert max(times) < START + PLAN.days * DAY
    assert min(times) < START - 30 * DAY, "accounts have a history"


def test_a_few_events_come_twice_byte_for_byte(simulated):
    events, _ = simulated
    seen = {}
    for _, record in events:
        earlier = seen.setdefault(record.event_id, record)
        assert msgspec.json.encode(earlier) == msgspec.json.encode(record)
    assert 0.001 < 1 - len(seen) / len(events) < 0.006


def test_truth_names_exactly_the_accounts_that_signed_up(simulated):
    events, truth = simulated
    assert {record.account_id for _, record in events if isinstance(record, SignupRecord)} == set(truth)
    assert {record.account_id for _, record in events} == set(truth)
    assert 0.9 * PLAN.accounts < len(truth) <= PLAN.accounts


def test_every_kind_is_there(simulated):
    _, truth = simulated
    labels = {row[3]: row[1] for row in truth.values()}
    assert {kind for kind, label in labels.items() if label == "honest"} == HONEST_KINDS
    assert {kind: label for kind, label in labels.items() if label != "honest"} == {
        craft.kind: craft.label for craft in levels()
    }
    for _account, label, operator, _kind, group in truth.values():
        assert (label == "honest") == (operator == "")
        assert not (operator and group)
    assert len({row[2] for row in truth.values()} - {""}) == PLAN.operators


def test_no_identifier_gives_the_truth_away(simulated):
    events, truth = simulated
    telling = {word.encode() for row in truth.values() if row[2] for word in row[2:4]}
    for _, record in events:
        if not isinstance(record, ActionRecord):  # reviewers do say what they found
            written = msgspec.json.encode(record)
            assert not any(word in written for word in telling)


def test_accounts_signed_up_before_they_do_anything(simulated):
    events, _ = simulated
    opened = {record.account_id: record.event_time for _, record in events if isinstance(record, SignupRecord)}
    assert all(opened[record.account_id] <= record.event_time for _, record in events)


def test_raw_prompts_replace_fingerprints_for_a_share_of_accounts(simulated):
    events, _ = simulated
    kinds = {}
    for _, record in events:
        if isinstance(record, UsageRecord):
            assert (record.prompt is None) != (record.prompt_minhash is None)
            kinds.setdefault(record.account_id, set()).add(record.prompt is None)
    assert all(len(kind) == 1 for kind in kinds.values())
    share = Counter(next(iter(kind)) for kind in kinds.values())[False] / len(kinds)
    assert 0.25 < share < 0.45
    shapes = {type(record.prompt) for _, record in events if isinstance(record, UsageRecord)}
    assert shapes == {str, list, type(None)}


@pytest.fixture
def peak():
    """A function: events of a plan, and the most bytes in use meanwhile."""

    def measured(**details):
        tracemalloc.start()
        count = sum(1 for _ in simulate(Plan(operators=1, seed=1, start=START, **details), Truth()))
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return count, most

    gc.collect()
    gc.freeze()  # with what other tests left on the heap, full collections would come later and garbage would pile up
    measured(accounts=40, days=16, rate=0.5)  # fills the caches, and msgspec's list of 2,000 records to be used again
    yield measured
    gc.unfreeze()


def test_memory_does_not_grow_with_the_number_of_events(peak):
    few, little = peak(accounts=40, days=2, rate=0.5)
    many, much = peak(accounts=40, days=16, rate=0.5)
    print(f"{little:,} bytes of {few:,} events, {much:,} of {many:,}")
    assert many > 4 * few
    assert much < 1.5 * little


def test_memory_does_not_grow_with_the_number_of_accounts(peak, monkeypatch):
    monkeypatch.setattr(schedule, "_BATCH", 50)
    monkeypatch.setattr(runs, "_FAN_IN", 3)
    few, little = peak(accounts=400, days=1, rate=0.05)
    many, much = peak(accounts=1200, days=1, rate=0.05)
    print(f"{little:,} bytes of {few:,} events, {much:,} of {many:,}")
    assert many > 2.5 * few
    assert much < 1.5 * little


def test_accounts_act_one_batch_after_another_and_are_heard_all_at_once(simulated, monkeypatch):
    events, truth = simulated
    monkeypatch.setattr(schedule, "_BATCH", 30)
    monkeypatch.setattr(runs, "_FAN_IN", 3)
    again = Truth()
    assert [(time, msgspec.json.encode(record)) for time, record in simulate(PLAN, again)] == [
        (time, msgspec.json.encode(record)) for time, record in events
    ]
    assert list(again.items()) == list(truth.items())


def test_no_room_for_what_waits_is_one_clear_error(monkeypatch, tmp_path):
    monkeypatch.setattr(schedule, "_BATCH", 30)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    with pytest.raises(HydratraceError, match=r"temporary files .* No such file .* TMPDIR"):
        next(simulate(PLAN))
