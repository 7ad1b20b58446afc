import subprocess
import sys

import pytest

from pipeline.alerts.hooks import kafka
from pipeline.errors import UsageError
from pipeline.settings import Hook, Settings

# A process of its own: kafka-python 3.0.12 leaves the sockets of a failed bootstrap to the garbage collector.
ALONE = """
import sys, time
import msgspec
from pipeline.alerts.findings import Envelope
from pipeline.alerts.hooks import kafka
from pipeline.alerts.receiver import Message
from pipeline.settings import Hook, Settings
body = sys.stdin.read()
made = kafka.build(Hook(name="k", type="kafka", timeout_seconds=0.5), Settings(bootstrap_servers="127.0.0.1:1"))
started = time.monotonic()
outcome = made.deliver(Message("id", body, msgspec.json.decode(body, type=Envelope)))
print(outcome.kind, outcome.detail, time.monotonic() - started < 2)
"""


def test_brokers_that_do_not_answer_cost_no_more_than_the_time_limit(message):
    done = subprocess.run([sys.executable, "-c", ALONE], input=message().body, capture_output=True, text=True)
    assert done.stdout == "again Kafka: KafkaTimeoutError True\n"


def test_without_brokers_or_with_unknown_settings_it_is_wrong_use():
    with pytest.raises(UsageError, match="bootstrap_servers"):
        kafka.build(Hook(name="k", type="kafka"), Settings())
    with pytest.raises(UsageError, match=r"sasl\.password"):
        kafka.build(Hook(name="k", type="kafka"), Settings(bootstrap_servers="b:1", kafka={"sasl.password": "x"}))
