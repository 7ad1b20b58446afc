"""hydratrace demo: the whole path on simulated events, and how the result compares with the truth."""

import argparse
import shlex
import shutil
import sys
import time
from pathlib import Path

from pipeline.command import Command
from pipeline.errors import HydratraceError, UsageError
from pipeline.settings import Settings

MARK = "hydratrace-demo"
MOST_SHOWN = 12
SETTINGS = """# Settings of the demo; every command below takes them with --settings.
lake = "lake"
key_file = "key"

[[hooks]]
name = "demo"
type = "jsonl"
path = "alerts.jsonl"
"""


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", nargs="?", type=Path, default=Path("demo-lake"), help="default: demo-lake")
    parser.add_argument("--accounts", type=int, default=1500, metavar="N", help="default: 1500")
    parser.add_argument("--operators", type=int, default=6, metavar="K", help="default: 6")
    parser.add_argument("--days", type=int, default=10, metavar="D", help="default: 10")
    parser.add_argument("--seed", type=int, default=1, metavar="S", help="another provider for each; default: 1")


def _run(arguments: argparse.Namespace, settings: Settings) -> int:
    del settings
    folder: Path = arguments.folder
    _prepare(folder)
    world = ["--accounts", arguments.accounts, "--operators", arguments.operators, "--days", arguments.days]
    events = folder / "events"
    started = time.monotonic()
    _step(folder, "simulate", events, *world, "--seed", arguments.seed)
    _step(folder, "land", "--files", events)
    _step(folder, "link")
    _step(folder, "publish")
    _step(folder, "alert")
    _tell(folder, time.monotonic() - started)
    return 0


def _prepare(folder: Path) -> None:
    """Make an empty demo folder; an earlier demo's is replaced, anybody else's is not touched."""
    if folder.exists():
        if not (folder / MARK).exists() and any(folder.iterdir()):
            raise UsageError(f"{folder} is not a demo's folder", expected="a new name, or an earlier demo's folder")
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    (folder / MARK).touch()
    (folder / "hydratrace.toml").write_text(SETTINGS, encoding="utf-8")


def _step(folder: Path, *command: object) -> None:
    """Run one command as a user would type it."""
    from queries.cli import main

    words = ["--settings", str(folder / "hydratrace.toml"), *(str(word) for word in command)]
    print(f"\n$ {_typed()} {shlex.join(words)}", flush=True)
    status = main(words)
    if status:
        raise HydratraceError(f"the demo stopped at {command[0]}, which ended with {status}")


def _tell(folder: Path, seconds: float) -> None:
    from pipeline.lake import Lake
    from queries.formats.grid import write_table
    from queries.scoring import score

    lake = Lake.open(folder / "lake")
    run = lake.runs()[-1].run_id
    found = score(
        folder / "events" / "truth.csv", lake.run_file(run, "clusters"), lake.run_file(run, "cluster_members")
    )
    print(
        "\nWhat was found, beside who is really behind it (truth.csv, which only this comparison reads):\n", flush=True
    )
    shown = found.operators.slice(0, MOST_SHOWN)
    write_table(shown.to_reader(), sys.stdout.buffer, None)
    if hidden := found.operators.slice(MOST_SHOWN)["verdict"].to_pylist():
        print(f"and {', '.join(f'{hidden.count(verdict)} × {verdict}' for verdict in dict.fromkeys(hidden))}")
    print(
        f"\n{found.accused:,} accounts accused; precision {_share(found.precision)}, recall {_share(found.recall)} "
        f"of {found.guilty:,} guilty; {found.honest_accused:,} of {found.honest:,} honest accounts accused."
        f"\nThe whole path took {seconds:.0f} s.\n"
    )
    print("What to type next:")
    base = f"  {_typed()} --settings {shlex.quote(str(folder / 'hydratrace.toml'))}"
    first = found.operators["cluster_uid"][0].as_py() if found.operators.num_rows else "UID"
    case = shlex.quote(str(folder / "case"))
    print(f"{base} query clusters_ranked")
    print(f"{base} query extraction_ledger --param cluster={first}")
    print(f"{base} case {first} --out {case}")
    print(f"{base} sql 'SELECT model, count(*) FROM all_usage GROUP BY model'")
    print(f"{base} query    (lists every named query)")


def _typed() -> str:
    """The console script as this shell finds it."""
    return "hydratrace" if shutil.which("hydratrace") else shlex.quote(sys.argv[0])


def _share(value: float | None) -> str:
    return "undefined" if value is None else f"{value:.3f}"


COMMAND = Command("demo", "run the whole path on simulated events, in about a minute", _arguments, _run)
