"""hydratrace land: events from a folder or Kafka into the lake, exactly once."""

import argparse
import logging
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.command import Command, lake_argument
from pipeline.errors import UsageError
from pipeline.settings import Settings
from pipeline.signals import stopped_by_signals

if TYPE_CHECKING:
    from pipeline.sources.source import Source

log = logging.getLogger(__name__)

UNREAD_SHOWN = 5
# A tick is one run of Beam's pipeline, which costs 0.1 s of CPU however little it reads: several commits share it. Many
# more would keep the progress line, and whoever wants the job to stop, waiting.
TICK_COMMITS = 4


def _arguments(parser: argparse.ArgumentParser) -> None:
    lake_argument(parser)
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--files", metavar="DIR", help="folder of <topic>.jsonl or <topic>/*.jsonl")
    source.add_argument("--bootstrap-servers", metavar="H:P", help="Kafka brokers")
    when = parser.add_mutually_exclusive_group()
    when.add_argument("--once", action="store_true", help="land what is there and end (the default)")
    when.add_argument("--follow", action="store_true", help="go on with what comes, until SIGTERM")
    parser.add_argument("--accept-loss", action="store_true", help="go on over lost records; they are listed in gaps")
    parser.add_argument("--key-file", metavar="FILE", help="key that tokens are made with")
    parser.add_argument("--input-format", metavar="NAMES", help="litellm, envoy, kong, otel-genai, stripe; by commas")
    parser.add_argument("--fetcher", choices=["kafka-python", "confluent"], help="Kafka client")
    parser.add_argument("--processes", metavar="N", help="processes that land side by side")
    parser.add_argument(
        "beam", nargs="*", metavar="-- BEAM OPTIONS", help="of Beam; --runner=PortableRunner lands on Flink"
    )


def _run(arguments: argparse.Namespace, settings: Settings) -> int:
    source = make_source(settings)
    _tell_unread(settings, source)
    from pipeline.landing.land import Wishes, land

    stop = threading.Event()
    with stopped_by_signals(stop):
        land(source, settings, stop, Wishes(arguments.follow, arguments.accept_loss, tuple(arguments.beam)))
    return 0


def make_source(settings: Settings) -> "Source":
    """Make the source that the settings name; raises UsageError if they name none, or two."""
    if bool(settings.files) == bool(settings.bootstrap_servers):
        raise UsageError(
            "no source of events" if not settings.files else "two sources of events",
            expected="one of --files DIR and --bootstrap-servers HOST:PORT",
        )
    if settings.files:
        from pipeline.sources.directory import Directory

        if not Path(settings.files).is_dir():
            raise UsageError(f"no folder {settings.files}", expected="a folder with <topic>.jsonl or <topic>/*.jsonl")
        return Directory(
            Path(settings.files),
            settings.topic_names(),
            settings.poll_records,
            TICK_COMMITS * settings.commit_bytes // 2,
        )
    from pipeline.sources import client_settings
    from pipeline.sources.kafka import Kafka

    client_settings.check(settings.kafka)
    return Kafka(
        settings.bootstrap_servers,
        settings.topic_names(),
        settings.kafka,
        settings.fetcher,
        settings.poll_records,
        TICK_COMMITS * settings.commit_records,
        settings.commit_bytes,
    )


def _tell_unread(settings: Settings, source: "Source") -> None:
    """Say what the folder of events holds that is never read: a file by a wrong name would be missed silently."""
    from pipeline.sources.directory import Directory

    if isinstance(source, Directory) and (unread := source.unread()):
        shown = ", ".join([*map(ascii, unread[:UNREAD_SHOWN]), *(["…"] if len(unread) > UNREAD_SHOWN else [])])
        names = ", ".join(f"{topic}.jsonl" for topic in settings.topic_names().values())
        log.warning("not read, since no topic has the name: %s; expected %s, or folders of these names", shown, names)


COMMAND = Command("land", "land events from a folder or Kafka in the lake, exactly once", _arguments, _run)
