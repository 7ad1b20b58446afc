"""Our one job on Flink: submit it through Beam's job server, see whether it runs, cancel it."""

import queue
import socket
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Literal

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.portability.portable_runner import PortableRunner
from apache_beam.runners.runner import PipelineState

from pipeline.errors import UnreachableError
from pipeline.landing.flink_options import named
from pipeline.landing.flink_rest import FlinkRest
from pipeline.landing.transforms import LandBatches
from pipeline.sources.batch import Span

# A submission ships 160 MB of jars to Flink.
SUBMIT_SECONDS = 90.0
CALL_SECONDS = 5.0
# From the answer to a submission until Flink lists the job, on a machine that is not overloaded.
LISTING_SECONDS = 10.0
LOOK_SECONDS = 0.3

State = Literal["runs", "ended", "unknown"]


class FlinkJob:
    """A job by its name: there is one at a time."""

    def __init__(self, name: str, options: Sequence[str]) -> None:
        self._name, self._options = name, options
        given = named(options)
        self._server = given["job_endpoint"]
        self._rest = FlinkRest(given["flink_master"]) if given.get("flink_master") else None
        self._result: Any = None
        self._listed = False  # between the answer to a submission and Flink's listing lie up to a minute

    def submit(self, partitions: Sequence[Span], land: LandBatches) -> None:
        """End what is left of earlier ones, then start it. Raises UnreachableError if that does not succeed."""
        host, _, port = self._server.rpartition(":")
        try:
            socket.create_connection((host.strip("[]"), int(port)), CALL_SECONDS).close()
            self._end(SUBMIT_SECONDS)
            pipeline = beam.Pipeline(runner=PortableRunner(), options=PipelineOptions(list(self._options)))
            _ = pipeline | beam.Create(partitions, reshuffle=False) | land
            self._result = _within(SUBMIT_SECONDS, pipeline.run)
        except Exception as error:  # Beam's, gRPC's and Flink's are of no one family
            text = str(error) or type(error).__name__
            raise UnreachableError(
                f"cannot submit the job to Beam's job server at {self._server}: {text.strip().splitlines()[0]}",
                remedy="check --job_endpoint, and the job server's log",
            ) from None
        self._listed = False

    def state(self) -> State:
        """Whether it runs, by Flink's word where --flink_master says whom to ask, else by the job server's."""
        with suppress(Exception):
            if self._rest:
                newest, *doubles = self._rest.active(self._name) or [""]
                for job in doubles:  # given up while it was being submitted
                    self._rest.cancel(job)
                self._listed = self._listed or bool(newest)
                if self._listed:
                    return "runs" if newest else "ended"
            ended = PipelineState.is_terminal(_within(CALL_SECONDS, lambda: self._result.state))
            return "ended" if ended else "runs"
        return "unknown"

    def problem(self) -> str:
        """What it failed of last, as far as Flink says so."""
        with suppress(OSError):
            for job in self._rest.active(self._name) if self._rest else ():
                return self._rest.problem(job) if self._rest else ""
        return ""

    def cancel(self, patience: float) -> None:
        """Ask it to end, and wait for that; what does not answer cannot be waited for."""
        with suppress(Exception):
            self._end(patience)

    def _end(self, patience: float) -> None:
        now = time.monotonic()
        deadline, listed_by = now + patience, now
        if self._result:
            with suppress(Exception):
                _within(CALL_SECONDS, self._result.cancel)
            # The job server goes on with a submission that is cancelled.
            listed_by = now if self._listed else now + LISTING_SECONDS
        self._result = None
        while self._rest and (now := time.monotonic()) < deadline:
            left = self._rest.active(self._name)
            if not left and now >= listed_by:
                return
            for job in left:
                listed_by = now
                with suppress(OSError):
                    self._rest.cancel(job)
            time.sleep(LOOK_SECONDS)


def _within(seconds: float, call: Callable[[], Any]) -> Any:
    """What `call` returns or raises; TimeoutError if that takes too long: gRPC waits for ever for a frozen server."""
    answers: queue.SimpleQueue[tuple[Any, Exception | None]] = queue.SimpleQueue()

    def work() -> None:
        try:
            answers.put((call(), None))
        except Exception as error:
            answers.put((None, error))

    threading.Thread(target=work, daemon=True).start()
    try:
        answer, error = answers.get(timeout=seconds)
    except queue.Empty:
        raise TimeoutError(f"no answer within {seconds:.0f} s") from None
    if error:
        raise error
    return answer
