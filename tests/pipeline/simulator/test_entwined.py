"""Lives on one random stream."""

import heapq
from datetime import UTC, datetime
from random import Random

import msgspec
import pytest

from pipeline.simulator import households
from pipeline.simulator.account import UsageRecord
from pipeline.simulator.clock import microseconds
from pipeline.simulator.entwined import Entwined
from pipeline.simulator.failover import Failover, shared
from pipeline.simulator.world import Plan, World

PLAN = Plan(accounts=60, operators=0, days=4, seed=3, start=microseconds(datetime(2026, 6, 1, tzinfo=UTC)))


def failovers(world, rng):
    groups = [households.two_accounts(world, rng, 2) for _ in range(30)]
    return [life for group in groups for life in group if isinstance(life, Failover)]


def kept_in_memory(world, rng):
    def placed(place, life):
        for time, record in shared(world, life.accounts, life.habit, rng):
            if time >= world.end:
                return
            yield time, place, record

    return heapq.merge(*(placed(place, life) for place, life in enumerate(failovers(world, rng))))


def kept_on_disk(world, rng):
    entwined = Entwined(world)
    for place, life in enumerate(failovers(world, rng)):
        entwined.add(place, life)
    return entwined.events(rng)


@pytest.mark.parametrize("seed", range(3))
def test_lives_on_disk_draw_what_they_would_draw_in_memory(seed):
    expected, found = (
        [(time, place, msgspec.json.encode(record)) for time, place, record in kept(World(PLAN), Random(seed))]
        for kept in (kept_in_memory, kept_on_disk)
    )
    assert found == expected
    assert len(found) > 300


def test_a_limited_request_is_sent_again_by_the_other_account():
    sent = [record for _, _, record in kept_on_disk(World(PLAN), Random(1)) if isinstance(record, UsageRecord)]
    limited = [record for record in sent if record.status == 429]
    again = {
        (record.conversation_prefix_hash, record.prompt_template_hash): record.account_id
        for record in sent
        if record.status == 200
    }
    answered = [again.get((record.conversation_prefix_hash, record.prompt_template_hash)) for record in limited]
    assert limited
    assert sum(
        account not in (None, record.account_id) for account, record in zip(answered, limited, strict=True)
    ) > 0.5 * len(limited)
