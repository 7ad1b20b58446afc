"""Several processes that land side by side: spawned, never forked, since delta-rs does not survive a fork."""

import multiprocessing
import queue
import signal
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from multiprocessing.connection import wait
from typing import Any

from pipeline.errors import HydratraceError
from pipeline.landing.micro_batches import Tick
from pipeline.quiet import quiet_libraries

LOOK_SECONDS = 0.2  # how soon the end of a process, or the wish to stop, is noticed

Report = Callable[[Tick], None]


def run_side_by_side(
    work: Callable[..., None], arguments: Sequence[tuple[Any, ...]], stop: threading.Event, report: Report
) -> None:
    """Call `work(*arguments[i], stop, report)` in a process each; their ticks arrive at `report`.

    The first error of any process stops all of them and is raised here. `stop` stops them all.
    """
    context = multiprocessing.get_context("spawn")
    told = context.Queue()
    processes = [
        context.Process(target=_child, args=(work, given, number, told), daemon=True)
        for number, given in enumerate(arguments)
    ]
    for process in processes:
        process.start()
    lags: dict[int, int] = {}
    failure: HydratraceError | None = None
    while any(process.is_alive() for process in processes) or not told.empty():
        if stop.is_set() or failure:
            for process in processes:
                process.terminate()
        try:
            number, news = told.get(timeout=LOOK_SECONDS)
        except queue.Empty:
            continue
        if isinstance(news, HydratraceError):
            failure = failure or news
        else:
            lags[number] = news.lag
            report(replace(news, lag=sum(lags.values())))
    for process in processes:
        process.join()
    if failure:
        raise failure
    # A process that had not begun yet when it was told to stop knows of no better end.
    fine = (0, -signal.SIGTERM) if stop.is_set() else (0,)
    crashed = [process.exitcode for process in processes if process.exitcode not in fine]
    if crashed:
        raise HydratraceError(f"a landing process ended with status {crashed[0]}", remedy="see what it wrote above")


def _child(work: Callable[..., None], given: tuple[Any, ...], number: int, told: Any) -> None:
    quiet_libraries()
    stop = threading.Event()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent is interrupted too, and stops us
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    threading.Thread(target=_stop_with_parent, args=(stop,), daemon=True).start()
    try:
        work(*given, stop, lambda tick: told.put((number, tick)))
    except HydratraceError as error:
        told.put((number, error))


def _stop_with_parent(stop: threading.Event) -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    wait([parent.sentinel])
    stop.set()
