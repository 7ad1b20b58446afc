"""What each level of evasion does and leaves behind, one operator at a time."""

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import pairwise

import pytest

from pipeline.simulator.account import ActionRecord, PaymentRecord, SignupRecord, UsageRecord
from pipeline.simulator.clock import DAY, instant, microseconds
from pipeline.simulator.ring import Ring
from pipeline.simulator.tradecraft import levels
from pipeline.simulator.world import NEW_MODEL, Plan, World

START = microseconds(datetime(2026, 6, 1, tzinfo=UTC))
CRAFTS = {craft.kind: craft for craft in levels()}
SIZE = 30
DISTILLERS = [kind for kind, craft in CRAFTS.items() if craft.label == "distillation"]


@cache
def lived(kind):
    world = World(Plan(accounts=SIZE, operators=1, days=10, seed=6, start=START, rate=0.5))
    return world, [record for _, record in Ring(world, CRAFTS[kind], 1, SIZE).life()]


def of(kind, record_type):
    return [record for record in lived(kind)[1] if isinstance(record, record_type)]


def by_account(records):
    grouped = defaultdict(list)
    for record in records:
        grouped[record.account_id].append(record)
    return grouped


def failed_over(kind):
    """Share of limited or blocked requests which another account sends again within 10 seconds."""
    sent = of(kind, UsageRecord)
    failed = [(place, record) for place, record in enumerate(sent) if record.status in (402, 403, 429)]
    again = 0
    for place, record in failed:
        following = [
            r for r in sent[place + 1 : place + 60] if r.event_time - record.event_time < timedelta(seconds=10)
        ]
        again += any(
            r.conversation_prefix_hash == record.conversation_prefix_hash and r.account_id != record.account_id
            for r in following
        )
    assert len(failed) > 20
    return again / len(failed)


@pytest.mark.parametrize("kind", CRAFTS)
def test_events_are_in_order_and_all_of_the_operators_accounts(kind):
    world, records = lived(kind)
    times = [record.event_time for record in records]
    assert times == sorted(times)
    assert len(world.accounts) <= SIZE
    assert {account.operator for account in world.accounts} == {"op_001"}
    assert len(by_account(of(kind, UsageRecord))) > SIZE / 2


def test_failover_by_tradecraft():
    assert failed_over("distiller_careless") > 0.7 > failed_over("distiller_isolated") > 0.2
    assert failed_over("distiller_rewriter") == 0


@pytest.mark.parametrize("kind", DISTILLERS)
def test_distillers_move_to_the_new_model_together(kind):
    world, _ = lived(kind)
    after = [r for r in of(kind, UsageRecord) if r.event_time > instant(world.release + 2 * DAY)]
    moved = sum(record.model == NEW_MODEL for record in after) / len(after)
    assert moved > (0.6 if CRAFTS[kind].cover else 0.99)
    early = [r for r in of(kind, UsageRecord) if r.event_time < instant(world.release)]
    assert early
    assert all(record.model != NEW_MODEL for record in early)


def test_bans_are_followed_by_successors_and_the_load_stays():
    kind = "distiller_careless"
    bans = [record for record in of(kind, ActionRecord) if record.action == "banned"]
    signups = {record.account_id: record.event_time for record in of(kind, SignupRecord)}
    assert bans
    assert any(time > bans[0].event_time for time in signups.values())
    for ban in bans:
        late = [r for r in of(kind, UsageRecord) if r.account_id == ban.account_id and r.event_time > ban.event_time]
        assert all(record.status == 403 for record in late)
    days = defaultdict(int)
    for record in of(kind, UsageRecord):
        days[record.event_time.date()] += 1
    assert min(list(days.values())[-4:]) > 0.6 * max(days.values())


def test_cards_are_shared_as_far_as_the_tradecraft_says():
    for kind, most in (("distiller_careless", 15), ("distiller_pooled", 4), ("reseller", 6)):
        holders = defaultdict(set)
        for payment in of(kind, PaymentRecord):
            if payment.outcome == "succeeded":
                holders[payment.card_fingerprint].add(payment.account_id)
        assert 1 < max(map(len, holders.values())) <= most
    isolated = [(p.card_fingerprint, p.account_id) for p in of("distiller_isolated", PaymentRecord)]
    assert len({card for card, _ in isolated}) == len(set(isolated))
    assert not of("trial_farm", PaymentRecord)


def test_rewriters_hardly_use_an_address_twice():
    addresses = [record.ip for record in of("distiller_rewriter", UsageRecord)]
    assert len(set(addresses)) > 0.9 * len(addresses)


def test_free_credit_runs_out():
    for sent in by_account(of("trial_farm", UsageRecord)).values():
        assert sum(record.status == 200 for record in sent) <= 90


def test_bought_accounts_are_old_and_change_hands():
    opened = {record.account_id: record.event_time for record in of("distiller_mimic", SignupRecord)}
    assert all(time < instant(START - 60 * DAY) for time in opened.values())
    changed = 0
    for sent in by_account(of("distiller_mimic", UsageRecord)).values():
        owners = [record.user_agent for record in sent]
        changed += len(set(owners)) > 1
        assert sum(a != b for a, b in pairwise(owners)) <= 1, "an account changes hands once"
    assert changed > 3
