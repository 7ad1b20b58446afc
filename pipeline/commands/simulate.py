"""hydratrace simulate: a provider's events, with the truth beside them."""

import argparse
from datetime import UTC, datetime
from pathlib import Path

from pipeline.command import Command
from pipeline.errors import HydratraceError, UsageError
from pipeline.settings import Settings

# A fixed Monday: the same flags give the same bytes on any day.
START = "2026-06-01"
# So that even the smallest operators stay a minority.
ACCOUNTS_PER_OPERATOR = 10


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", nargs="?", type=Path, metavar="DIR", help="write DIR/<topic>.jsonl and DIR/truth.csv")
    parser.add_argument("--bootstrap-servers", metavar="H:P", help="write to Kafka instead; missing topics are created")
    parser.add_argument("--partitions", type=_positive, default=4, metavar="N", help="of created topics (default 4)")
    parser.add_argument("--truth", type=Path, metavar="FILE", help="where to write the truth (default DIR/truth.csv)")
    parser.add_argument("--accounts", type=_positive, default=1500, metavar="N", help="accounts in all (default 1500)")
    parser.add_argument("--operators", type=_natural, default=6, metavar="K", help="operators among them (default 6)")
    parser.add_argument("--days", type=_positive, default=10, metavar="D", help="days of requests (default 10)")
    parser.add_argument("--seed", type=int, default=1, metavar="S", help="another world for each (default 1)")
    parser.add_argument("--start", type=_day, default=START, metavar="DAY", help=f"first day, UTC (default {START})")
    parser.add_argument("--rate", type=_rate, default=1.0, metavar="X", help="times the usual requests (default 1)")
    parser.add_argument("--raw-prompts", action="store_true", help="a third of accounts send prompts, not fingerprints")


def _run(arguments: argparse.Namespace, settings: Settings) -> int:
    if (arguments.folder is None) == (arguments.bootstrap_servers is None):
        raise UsageError("nowhere to write to", expected="either DIR or --bootstrap-servers HOST:PORT")
    fewest = ACCOUNTS_PER_OPERATOR * arguments.operators
    if arguments.accounts < fewest:
        raise UsageError(f"--accounts {arguments.accounts}: too few", expected=f"{fewest} for so many operators")
    from pipeline.simulator import jsonl
    from pipeline.simulator.clock import microseconds
    from pipeline.simulator.schedule import simulate
    from pipeline.simulator.truth import Truth
    from pipeline.simulator.world import Plan

    plan = Plan(
        arguments.accounts,
        arguments.operators,
        arguments.days,
        arguments.seed,
        microseconds(arguments.start),
        arguments.rate,
        arguments.raw_prompts,
    )
    truth = Truth()
    events = simulate(plan, truth)
    try:
        if arguments.folder:
            written = jsonl.write(events, arguments.folder, settings.topic_names())
        else:
            from pipeline.simulator import kafka

            written = kafka.write(
                events, arguments.bootstrap_servers, settings.kafka, settings.topic_names(), arguments.partitions
            )
        file = arguments.truth or (arguments.folder / "truth.csv" if arguments.folder else None)
        if file:
            truth.write(file)
    except OSError as error:
        raise HydratraceError(f"cannot write {error.filename or arguments.folder}: {error.strerror}") from None
    print(f"{written:,} events of {len(truth):,} accounts in {arguments.folder or arguments.bootstrap_servers}")
    return 0


def _positive(text: str) -> int:
    return _bounded(text, 1)


def _natural(text: str) -> int:
    return _bounded(text, 0)


def _bounded(text: str, least: int) -> int:
    if not text.isdecimal() or int(text) < least:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from {least}")
    return int(text)


def _rate(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number <= 1000:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number above 0 and up to 1000")
    return number


def _day(text: str) -> datetime:
    try:
        day = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a day such as {START}") from None
    if day.year < 2017:
        raise argparse.ArgumentTypeError(
            f"{text} is before 2017: histories begin earlier, and events before 2015 are refused"
        )
    return day


COMMAND = Command(
    "simulate", "write the events of a simulated provider, and the truth about its accounts", _arguments, _run
)
