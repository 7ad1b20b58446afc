import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from math import log
from pathlib import Path

import duckdb
import pytest
from scipy.stats import poisson

from pipeline.bursts import update
from pipeline.bursts.past import PAST_DAYS
from pipeline.errors import LakeError
from pipeline.lake import Lake
from pipeline.landing.append import Part, append_rows
from pipeline.sources.batch import Span
from tests.pipeline.filled import filled

FIRST = datetime(2026, 3, 1, 9, tzinfo=UTC)
KINDS = {"prefix": "ip_prefix", "domain": "email_domain", "ja4": "ja4", "device": "device_key", "program": "program"}


class Landing:
    """A lake and where its only partition stands."""

    def __init__(self, root: Path) -> None:
        self.lake, self.tip = Lake.create(root, "check"), 0

    def land(self, signups: list[dict[str, object]]) -> None:
        rows = [
            {"_offset": self.tip + n, "_topic_id": "id", "event_date": row["event_time"].date(), **row}
            for n, row in enumerate(signups)
        ]
        end = self.tip + len(rows)
        span = Span("signup", "account.signup.v1", "id", 0, "id/0", self.tip, end)
        append_rows(self.lake, "signup", [Part(span, filled("signup", rows))])
        self.tip = end

    def bursts(self) -> list[dict[str, object]]:
        with duckdb.connect() as con:
            con.execute("SET TimeZone = 'UTC'")
            return con.sql(f"FROM ({self.lake.select('signup_bursts')}) ORDER BY ALL").to_arrow_table().to_pylist()


def signup(number: int, minute: float, **keys: object) -> dict[str, object]:
    own = {"ip_prefix": f"net-{number}", "email_domain": f"d-{number}.example", "device_key": f"dev-{number}"}
    at = FIRST + timedelta(minutes=minute)
    return {"event_id": f"ev-{number}", "account_id": f"a-{number}", "event_time": at} | own | keys


def crowd(seed: int) -> list[dict[str, object]]:
    """Sign-ups of two months, alone and in bursts, some of them repeated by the producer."""
    draw = random.Random(seed)
    made = [
        signup(n, draw.randrange(60 * 24 * 60), program=draw.choice(["free_trial", "startup"]), ja4=draw.choice("abc"))
        for n in range(150)
    ]
    for burst in range(8):
        start, domain = draw.randrange(60 * 24 * 60), f"burst-{draw.randrange(3)}.example"
        made += [
            signup(1000 + 10 * burst + n, start + 6 * draw.random(), email_domain=domain, ja4=None) for n in range(6)
        ]
    return made + [dict(row) for row in draw.sample(made, 20)]


def test_any_order_of_landing_gives_the_table_of_one_run_over_everything(tmp_path) -> None:
    signups = crowd(seed=1)
    whole, bit_by_bit = Landing(tmp_path / "whole"), Landing(tmp_path / "bits")
    whole.land(signups)
    update.update(whole.lake)
    random.Random(1).shuffle(signups)
    for start in range(0, len(signups), 80):
        bit_by_bit.land(signups[start : start + 80])
        update.update(bit_by_bit.lake)
    assert bit_by_bit.bursts() == whole.bursts() == expected_rows(signups)
    assert len(whole.bursts()) >= 8


def expected_rows(signups: list[dict[str, object]]) -> list[dict[str, object]]:
    """The table by its definition, one window at a time."""
    once = {row["event_id"]: row for row in signups}.values()
    shown = [
        (kind, row[column], row["event_time"]) for row in once for kind, column in KINDS.items() if row.get(column)
    ]
    windows = Counter((kind, key, at - timedelta(seconds=at.timestamp() % 300)) for kind, key, at in shown)
    rows = []
    for (kind, key, start), count in windows.items():
        expected = expectation(once, shown, kind, key, start)
        surprise = round(float(-poisson.logsf(count - 1, expected)), 6)
        if count > 1 and surprise >= log(20):
            row = {"event_date": start.date(), "kind": kind, "key": key, "window_start": start, "signups": count}
            rows.append(row | {"expected": pytest.approx(expected), "surprise": pytest.approx(surprise, abs=2e-6)})
    return sorted(rows, key=lambda row: (row["event_date"], row["kind"], row["key"], row["window_start"]))


def expectation(once, shown, kind: str, key: str, start: datetime) -> float:
    def recent(at: datetime) -> bool:
        return timedelta() < start.date() - at.date() <= timedelta(days=PAST_DAYS)

    hours = Counter(row["event_time"].hour for row in once if recent(row["event_time"]))
    of_kind = [(other, at.date()) for same, other, at in shown if same == kind and recent(at)]
    own = [day for other, day in of_kind if other == key]
    ordinary = len(of_kind) / len(set(of_kind)) if of_kind else 1
    rate = (ordinary + len(own)) / (1 + ((start.date() - min(own)).days if own else 0))
    return rate * (hours[start.hour] + 1) / (hours.total() + 24) / 12


def test_only_days_that_may_change_are_drawn_and_nothing_without_news(tmp_path) -> None:
    landing = Landing(tmp_path / "lake")
    assert update.update(landing.lake) == 0
    landing.land([signup(n, 24 * 60 * n) for n in range(60)])
    assert update.update(landing.lake) == 60
    assert update.update(landing.lake) == 0
    landing.land([signup(100, 24 * 60 * 57)])
    assert update.update(landing.lake) == 3
    version = landing.lake.table("signup_bursts").version()
    assert update.update(landing.lake) == 0
    assert landing.lake.table("signup_bursts").version() == version


def test_an_empty_tick_moves_the_position_alone(tmp_path) -> None:
    landing = Landing(tmp_path / "lake")
    landing.land([signup(1, 0, ja4="x"), signup(2, 1, ja4="x")])
    update.update(landing.lake)
    before = landing.bursts()
    append_rows(landing.lake, "signup", [Part(Span("signup", "t", "id", 0, "id/0", 2, 9), filled("signup", []))])
    assert update.update(landing.lake) == 0
    assert landing.lake.table("signup_bursts").transaction_version("id/0") == 9
    assert landing.bursts() == before != []


def test_days_whose_signups_left_the_lake_are_drawn_anew(tmp_path) -> None:
    landing, without = Landing(tmp_path / "lake"), Landing(tmp_path / "without")
    day = [signup(n, n, ja4="x") for n in range(3)]
    after = [signup(10 + n, 24 * 60 + n, ja4="x") for n in range(3)]
    landing.land(day + after)
    update.update(landing.lake)
    landing.lake.table("signup").delete(f"event_date = '{FIRST.date()}'")
    update.note(landing.lake).write_text(f'["{FIRST.date()}"]')
    assert update.update(landing.lake) == 2
    without.land(after)
    update.update(without.lake)
    assert landing.bursts() == without.bursts() != []
    assert update.update(landing.lake) == 0


def test_another_update_at_once_costs_a_try_and_never_a_row(tmp_path, monkeypatch) -> None:
    landing, calls = Landing(tmp_path / "lake"), []
    landing.land([signup(n, n, ja4="x") for n in range(3)])
    carry_out = update._carry_out

    def rivalled(*given):
        calls.append(given)
        if len(calls) == 1:
            carry_out(*given)  # the rival is done first
        carry_out(*given)

    monkeypatch.setattr(update, "_carry_out", rivalled)
    assert update.update(landing.lake) == 1
    assert landing.bursts()[0]["signups"] == 3
    monkeypatch.setattr(update, "_carry_out", lambda *_: None)
    landing.land([signup(9, 9)])
    with pytest.raises(LakeError, match=r"signup_bursts at .* changed 10 times"):
        update.update(landing.lake)
