"""Figures of a real lake, read back by a parser written from the format's description alone."""

import re
import time
import urllib.request
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from pipeline.contract.arrow import arrow_schema
from pipeline.contract.tables import BY_NAME
from pipeline.errors import UnreachableError, UsageError
from pipeline.settings import Settings
from pipeline.sources.batch import Span
from pipeline.sources.source import Loss, Plan
from queries.service.claim import Claim
from queries.service.due import Due
from queries.service.health import trouble
from queries.service.metrics import METRICS, exposition
from queries.service.server import serve
from queries.service.service import Service
from queries.service.step import Step
from queries.service.watch import Watch

SPAN = Span("usage", "t", "id", 0, "id/0", 5, 9)
SAMPLE = re.compile(r"([a-z_]+)(?:\{(.*)\})? (-?\d+(?:\.\d+)?(?:e[+-]\d+)?)")
LABEL = re.compile(r'([a-z_]+)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)')
AT = datetime(2026, 6, 3, tzinfo=UTC)


class Source:
    """A source whose plan the test sets."""

    def __init__(self):
        self.answer = Plan([], 0)

    def plan(self, tips, known):
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def fetch(self, span):
        raise AssertionError(span)

    def sharded(self, number, count):
        raise AssertionError(number)

    def close(self):
        pass


@pytest.fixture
def source():
    return Source()


@pytest.fixture
def service(landed, source):
    names = ("land", "link", "publish", "alert")
    steps = {name: Step(name, [name], print, lambda: None, endless=name in ("land", "alert")) for name in names}
    made = Service(steps, Watch(landed, source, "offsets"), Due(Settings(), AT), Claim(landed, names))
    yield made
    made._claim.drop()


def read(text):
    """(name, sorted labels) → value; every metric announced with HELP and TYPE, once, before its samples."""
    values, types, helped = {}, {}, set()
    for line in text.splitlines():
        word, _, rest = line.removeprefix("# ").partition(" ")
        if line.startswith("# HELP "):
            helped.add(rest.split()[0])
        elif line.startswith("# TYPE "):
            assert rest.split()[0] not in types
            types[rest.split()[0]] = rest.split()[1]
        else:
            name, labels, value = SAMPLE.fullmatch(line).groups()
            assert name in types and name in helped, word
            assert (types[name] == "counter") == name.endswith("_total")
            assert LABEL.sub("", labels or "") == ""
            pairs = [
                (key, raw.replace("\\n", "\n").replace('\\"', '"').replace("\\\\", "\\"))
                for key, raw in LABEL.findall(labels or "")
            ]
            assert (name, *pairs) not in values
            values[(name, *pairs)] = float(value)
    return values


def alert(state, at, due=None):
    row = {"alert_uid": "u", "cluster_uid": "c", "revision": 1, "hook": 'a"\\b', "state": state, "attempts": 0}
    return row | {"at": at, "due_at": due, "detail": "", "body": None}


def test_the_figures_are_the_lakes(landed, service, source):
    rows = [alert("pending", AT, AT), alert("delivered", AT + timedelta(seconds=1))]
    write_deltalake(
        landed.table("alerts"), pa.Table.from_pylist(rows, schema=arrow_schema(BY_NAME["alerts"])), mode="append"
    )
    source.answer = Plan([SPAN], 4, [Loss(SPAN, "retention", True)])
    service.watch.look()
    values = read(exposition(service))
    usage = service.watch.figures.rows("usage")
    assert usage > 0
    assert values["hydratrace_table_rows", ("table", "usage")] == usage
    assert values["hydratrace_lag_offsets",] == 8
    assert values["hydratrace_clusters", ("verdict", "distillation")] == 1
    assert values["hydratrace_last_link_timestamp_seconds",] == AT.timestamp()
    assert values["hydratrace_alerts", ("hook", 'a"\\b'), ("state", "delivered")] == 1
    assert values["hydratrace_leading",] == 0
    assert ("hydratrace_lag_bytes",) not in values
    assert {name for name, *_ in values} <= {metric.name for metric in METRICS}


def test_landed_events_count_up_and_never_down(landed, service):
    service.watch.look()
    table = landed.table("signup")
    rows = pa.table(table.to_pyarrow_table()).cast(arrow_schema(BY_NAME["signup"]))
    write_deltalake(table, rows, mode="append")
    service.watch.look()
    landed.table("signup").delete()
    service.watch.look()
    assert service.watch.landed["signup"] == rows.num_rows > 0
    assert service.watch.figures.rows("signup") == 0


def test_health_has_a_reason(service, source):
    now = time.monotonic()
    service.watch.look()
    assert trouble(service, now) == ""  # stands by
    assert service._claim.take()
    assert trouble(service, now) == ""
    service.steps["land"].problem = "no key"
    assert trouble(service, now) == "landing is not running: no key"
    service.steps["land"].problem = ""
    service.steps["alert"].problem = "the receiver is down"
    assert trouble(service, now) == ""
    service.steps["link"].problem = "disk full"
    assert trouble(service, now) == "the last link failed: disk full"
    service.steps["link"].problem = ""
    assert "last seen 61 s ago" in trouble(service, service.watch.figures.at + 61)
    service.watch.problem = "the lake cannot be read: x"
    assert trouble(service, now) == "the lake cannot be read: x"


@pytest.mark.parametrize(
    ("answer", "told"), [(Plan([SPAN], 4), "lag is 4"), (UnreachableError("x"), "does not answer"), (Plan([], 3), "")]
)
def test_no_progress_is_trouble_while_there_is_something_to_land(service, source, answer, told):
    assert service._claim.take()
    source.answer = answer
    service.watch.moved_at -= 200
    service.watch.look()
    found = trouble(service, service.watch.figures.at)
    assert (told in found) if told else found == ""


def test_the_server_answers(service):
    service.watch.look()
    server = serve(service, "127.0.0.1:0")
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{server.server_address[1]}/metrics", timeout=10) as answer:
            assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
            assert read(answer.read().decode())
        with pytest.raises(UsageError, match="cannot listen"):
            serve(service, f"127.0.0.1:{server.server_address[1]}")
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("listen", ["9400", ":9400", "host:x", "host:70000"])
def test_a_wrong_address_is_refused(service, listen):
    with pytest.raises(UsageError, match="is no address"):
        serve(service, listen)
