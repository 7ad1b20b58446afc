"""`hydratrace run`: land, link, publish, alert and retain, all from one process or some of them."""

import argparse
import queue
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path

from pipeline.command import Command, lake_argument
from pipeline.errors import UsageError
from pipeline.settings import Settings
from queries.terminal import plain


def _arguments(parser: argparse.ArgumentParser) -> None:
    lake_argument(parser)
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--files", metavar="DIR", help="folder of <topic>.jsonl or <topic>/*.jsonl")
    source.add_argument("--bootstrap-servers", metavar="H:P", help="Kafka brokers")
    parser.add_argument("--link-minutes", metavar="N", help="longest that what has landed waits for a link run")
    parser.add_argument("--link-events", metavar="M", help="events landed that make a link run due sooner")
    parser.add_argument("--listen", metavar="HOST:PORT", help="where /healthz and /metrics answer")
    parser.add_argument("--steps", metavar="NAMES", help=f"do only some, by commas: {','.join(FLAGS)}")
    parser.add_argument("--key-file", metavar="FILE", help="key that tokens are made with")
    parser.add_argument("--input-format", metavar="NAMES", help="litellm, envoy, kong, otel-genai, stripe; by commas")
    parser.add_argument("--accept-loss", action="store_true", help="go on over lost records; they are listed in gaps")
    parser.add_argument("--fetcher", choices=["kafka-python", "confluent"], help="Kafka client")
    parser.add_argument("--processes", metavar="N", help="processes that land side by side")
    parser.add_argument("beam", nargs="*", metavar="-- BEAM OPTIONS", help="Beam's options for landing, as in land")


# Flags that a child is given again: it reads the same environment and settings file by itself.
FLAGS = {
    "land": (
        "lake", "files", "bootstrap_servers", "key_file", "input_format", "accept_loss", "fetcher", "processes",
    ),
    "link": ("lake",),
    "publish": ("lake",),
    "alert": ("lake",),
    "retain": ("lake",),
}  # fmt: skip
# These go on until they are told to end; the others are started when they are due.
ENDLESS = ("land", "alert")


def _words(step: str, parsed: argparse.Namespace) -> list[str]:
    """The command line of a step."""
    words = ["--settings", str(parsed.settings)] if parsed.settings else []
    words += [step, "--follow"] if step in ENDLESS else [step]
    for flag in FLAGS[step]:
        value = getattr(parsed, flag)
        if value is not None and value is not False:
            words += ["--" + flag.replace("_", "-"), *([] if value is True else [value])]
    return [*words, "--", *parsed.beam] if step == "land" and parsed.beam else words


def _steps(parsed: argparse.Namespace, settings: Settings) -> list[str]:
    """The steps to do; raises UsageError if one is no step."""
    named = [name.strip() for name in (parsed.steps or ",".join(FLAGS)).split(",")]
    if wrong := [name for name in named if name not in FLAGS]:
        raise UsageError(f"--steps {parsed.steps!r} has {wrong[0]!r}", expected=f"some of {', '.join(FLAGS)}")
    return [name for name in FLAGS if name in named and (name != "alert" or settings.hooks)]


def _run(parsed: argparse.Namespace, settings: Settings) -> int:
    from pipeline.commands.land import make_source
    from pipeline.lake import Lake
    from pipeline.landing.flink_options import check_job, wants_flink
    from pipeline.landing.land import open_lake
    from queries.service.claim import Claim
    from queries.service.due import Due
    from queries.service.server import serve
    from queries.service.service import LOOK, STOP, Service
    from queries.service.step import Step
    from queries.service.watch import Watch

    names = _steps(parsed, settings)
    source = make_source(settings) if "land" in names or settings.files or settings.bootstrap_servers else None
    if wants_flink(parsed.beam):
        check_job(settings, parsed.beam, follow=True)
    lake = open_lake(settings)[0] if "land" in names else Lake.open(Path(settings.lake))
    news: queue.SimpleQueue[str] = queue.SimpleQueue()  # the one queue that a signal's handler may put into
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: news.put(STOP))
    steps = {
        name: Step(name, _words(name, parsed), _tell, lambda: news.put(LOOK), endless=name in ENDLESS) for name in names
    }
    watch = Watch(lake, source, "bytes" if settings.files else "offsets")
    service = Service(steps, watch, Due(settings, datetime.now(UTC)), Claim(lake, names))
    server = serve(service, settings.listen)
    watch.start()  # last: an interpreter that ends while delta-rs reads in a thread crashes
    _tell(f"serving {lake.root} with {', '.join(names)}; http://{settings.listen}/healthz and /metrics")
    service.run(news, _tell)
    server.shutdown()
    return 0


def _tell(line: str) -> None:
    print(f"hydratrace run: {plain(line)}", file=sys.stderr, flush=True)


COMMAND = Command("run", "land, link, publish, alert and retain, until SIGTERM", _arguments, _run)
