"""One pass over all hooks: queue what is new, send what is due, each hook on its own thread."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import duckdb
import msgspec
from deltalake.exceptions import DeltaError
from pyarrow import ArrowException

from pipeline.alerts.claims import only_sender
from pipeline.alerts.outbox import EPOCH, Outbox, tidy
from pipeline.alerts.planning import queue_news, wanted_clusters
from pipeline.alerts.receiver import Receiver
from pipeline.alerts.sending import Clock, Sent, send_due
from pipeline.alerts.touched import queue_touches
from pipeline.alerts.touches import Fresh, read_fresh
from pipeline.contract.tables import Alert
from pipeline.errors import HydratraceError
from pipeline.lake import Lake
from pipeline.settings import Hook

# A receiver costs a thread only while it is being waited for.
MOST_THREADS = 16

Wanted = Callable[[Alert], bool]


class Report(msgspec.Struct):
    """What a pass did for one hook; `problem` says why it could do nothing, or not all."""

    hook: str
    queued: int = 0
    sent: Sent = msgspec.field(default_factory=Sent)
    owed: int = 0
    next_due: datetime | None = None
    problem: str = ""
    ok: bool = True


def now() -> datetime:
    """Our clock."""
    return datetime.now(UTC)


def run_pass(lake: Lake, hooks: list[Hook], receivers: Mapping[str, Receiver], clock: Clock = now) -> list[Report]:
    """Tell every hook what it does not know yet, once; a hook that fails holds no other up."""
    return _each(lake, hooks, lambda hook: _pass(lake, hook, receivers[hook.name], clock))


def tell_one(lake: Lake, hook: Hook, receiver: Receiver, clock: Clock = now) -> Report:
    """Tell one hook what it does not know yet, once."""
    return _guarded(hook, lambda hook: _pass(lake, hook, receiver, clock))


def replay(
    lake: Lake, hooks: list[Hook], receivers: Mapping[str, Receiver], wanted: Wanted, clock: Clock = now
) -> list[Report]:
    """Send again, under their old ids and at once, the deliveries that are `wanted`."""
    return _each(lake, hooks, lambda hook: _replay(lake, hook, receivers[hook.name], wanted, clock))


def _each(lake: Lake, hooks: list[Hook], work: Callable[[Hook], Report]) -> list[Report]:
    if not hooks:
        return []
    with ThreadPoolExecutor(max_workers=min(len(hooks), MOST_THREADS)) as pool:
        reports = list(pool.map(lambda hook: _guarded(hook, work), hooks))
    tidy(lake)
    return reports


def _guarded(hook: Hook, work: Callable[[Hook], Report]) -> Report:
    try:
        return work(hook)
    except HydratraceError as error:
        return Report(hook.name, problem=str(error), ok=False)
    except (DeltaError, ArrowException, duckdb.Error, OSError) as error:
        return Report(hook.name, problem=f"the lake cannot be read: {str(error).partition(chr(10))[0]}", ok=False)


def _pass(lake: Lake, hook: Hook, receiver: Receiver, clock: Clock) -> Report:
    with only_sender(lake, hook.name) as mine:
        if not mine:
            return Report(hook.name, problem="another hydratrace alert is sending to it now")
        outbox = Outbox(lake, hook.name)
        if outbox.disabled:
            remedy = "when it is mended: hydratrace alert replay --failed"
            return Report(hook.name, problem=f"disabled, the receiver wants no more alerts; {remedy}", ok=False)
        queued = _queue(lake, hook, outbox, clock())
        return _sent(hook, outbox, queued, send_due(outbox, receiver, clock))


def _queue(lake: Lake, hook: Hook, outbox: Outbox, now: datetime) -> int:
    fresh = read_fresh(lake, outbox.ends)
    if outbox.compared == EPOCH and fresh.ends:  # who touched an operator before a hook was there is no news to it
        outbox.record([], ends=fresh.ends)
        fresh = Fresh({}, fresh.ends)
    queued = queue_news(lake, hook, outbox, now)
    return queued + (queue_touches(hook, outbox, wanted_clusters(lake, hook), fresh, now) if fresh.crowds else 0)


def _replay(lake: Lake, hook: Hook, receiver: Receiver, wanted: Wanted, clock: Clock) -> Report:
    with only_sender(lake, hook.name) as mine:
        if not mine:
            return Report(hook.name, problem="another hydratrace alert is sending to it now", ok=False)
        outbox = Outbox(lake, hook.name)
        chosen = [alert for alert in outbox.deliveries.values() if wanted(alert)]
        if chosen:
            again = {"state": "pending", "at": clock(), "due_at": clock(), "detail": "replayed", "body": None}
            outbox.record((msgspec.structs.replace(a, **again) for a in chosen), hold_until=EPOCH)
        return _sent(hook, outbox, len(chosen), send_due(outbox, receiver, clock))


def _sent(hook: Hook, outbox: Outbox, queued: int, sent: Sent) -> Report:
    return Report(hook.name, queued, sent, len(outbox.pending()), outbox.next_due(), sent.failure, not sent.failure)
