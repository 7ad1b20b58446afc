"""`hydratrace run`: land, link, publish and alert, again and again."""

import argparse
import queue
import signal
import sys
from datetime import UTC, datetime

from pipeline.command import Command, lake_argument
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
    parser.add_argument("--key-file", metavar="FILE", help="key that tokens are made with")
    parser.add_argument("--fetcher", choices=["kafka-python", "confluent"], help="Kafka client")
    parser.add_argument("--processes", metavar="N", help="processes that land side by side")
    parser.add_argument("beam", nargs="*", metavar="-- BEAM OPTIONS", help="Beam's options for landing, as in land")


# Flags that a child is given again: it reads the same environment and settings file by itself.
FLAGS = {
    "land": ("lake", "files", "bootstrap_servers", "key_file", "fetcher", "processes"),
    "publish": ("lake",),
    "alert": ("lake",),
    "link": ("lake",),
    "retain": ("lake",),
}


def _words(step: str, parsed: argparse.Namespace) -> list[str]:
    """The command line of a step."""
    words = ["--settings", str(parsed.settings)] if parsed.settings else []
    words += [step, "--follow"] if step == "land" else [step]
    for flag in FLAGS[step]:
        if getattr(parsed, flag) is not None:
            words += ["--" + flag.replace("_", "-"), getattr(parsed, flag)]
    return [*words, "--", *parsed.beam] if step == "land" and parsed.beam else words


def _run(parsed: argparse.Namespace, settings: Settings) -> int:
    from pipeline.commands.land import make_source
    from pipeline.landing.flink_options import check_job, wants_flink
    from pipeline.landing.land import open_lake
    from queries.service.claim import Claim
    from queries.service.due import Due
    from queries.service.server import serve
    from queries.service.service import LOOK, STOP, Service
    from queries.service.step import Step
    from queries.service.watch import Watch

    source = make_source(settings)
    if wants_flink(parsed.beam):
        check_job(settings, parsed.beam, follow=True)
    lake, _ = open_lake(settings)
    news: queue.SimpleQueue[str] = queue.SimpleQueue()  # the one queue that a signal's handler may put into
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: news.put(STOP))
    steps = {
        name: Step(name, _words(name, parsed), _tell, lambda: news.put(LOOK), endless=name == "land") for name in FLAGS
    }
    watch = Watch(lake, source, "bytes" if settings.files else "offsets")
    service = Service(steps.pop("land"), steps, watch, Due(settings, datetime.now(UTC)), Claim(lake))
    server = serve(service, settings.listen)
    watch.start()  # last: an interpreter that ends while delta-rs reads in a thread crashes
    _tell(f"serving {lake.root}; http://{settings.listen}/healthz and /metrics")
    service.run(news, _tell)
    server.shutdown()
    return 0


def _tell(line: str) -> None:
    print(f"hydratrace run: {plain(line)}", file=sys.stderr, flush=True)


COMMAND = Command("run", "land, link, publish and alert, again and again, until SIGTERM", _arguments, _run)
