"""Messages as the outbox hands them to hooks."""

import datetime as dt

import msgspec
import pytest

from pipeline.alerts.findings import Envelope, News, body, closing_finding, open_finding
from pipeline.alerts.receiver import Message

AT = dt.datetime(2026, 6, 3, 4, 5, 6, 789000, tzinfo=dt.UTC)


@pytest.fixture
def message(linked):
    """message(change, **changes of the cluster): one alert, three days after the first about its cluster."""

    def make(change="born", members=("acct_1", "acct_2"), others=(), **changes):
        cluster = linked.cluster("c1", **changes)
        rows = [linked.member("c1", account, 0.9 - n / 100) for n, account in enumerate(members)]
        first = open_finding("first", News("born", cluster, None, []), rows, AT - dt.timedelta(days=3))
        if change == "born":
            finding = msgspec.structs.replace(first, alert_uid="7f1c0000-0000-5000-8000-000000000001")
        elif change in ("retired", "merged_into", "aged_out"):
            finding = closing_finding("second", News(change, None, first, list(others)), "r2")
        else:
            finding = open_finding("second", News(change, cluster, first, list(others)), rows, AT)
        text = body(finding, AT)
        return Message(finding.alert_uid, text, msgspec.json.decode(text, type=Envelope))

    return make


@pytest.fixture
def secret(tmp_path):
    """secret(text): the name of a file that holds it."""

    def write(text):
        path = tmp_path / f"secret{len(list(tmp_path.glob('secret*')))}"
        path.write_text(text + "\n")
        return str(path)

    return write
