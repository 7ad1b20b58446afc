"""`hydratrace alert`: tell each hook what is new about the operators found, once."""

import argparse
from typing import TYPE_CHECKING

from pipeline.command import Command, lake_argument
from pipeline.errors import UsageError
from pipeline.settings import Settings

if TYPE_CHECKING:
    from pipeline.lake import Lake

NO_HOOKS = """no hooks are configured: nobody is told of new operators. For instance, in hydratrace.toml:

[[hooks]]
name = "log"
type = "jsonl"
path = "alerts.jsonl"
"""


def _arguments(parser: argparse.ArgumentParser) -> None:
    lake_argument(parser)
    parser.set_defaults(action=_tell)
    parser.add_argument("--follow", action="store_true", help="go on telling what comes, until SIGTERM")
    actions = parser.add_subparsers(title="instead of telling", metavar="[list | replay]")
    listed = actions.add_parser("list", help="show deliveries", allow_abbrev=False)
    listed.add_argument("--state", choices=("pending", "delivered", "failed", "disabled"), help="only these")
    listed.set_defaults(action=_list)
    again = actions.add_parser("replay", help="send again, under the same id", allow_abbrev=False)
    again.add_argument("alert_uid", nargs="*", metavar="ALERT_UID", help="deliveries to send again")
    again.add_argument("--failed", action="store_true", help="all that failed or were disabled")
    again.set_defaults(action=_replay)
    for action in (listed, again):
        action.add_argument("--lake", metavar="DIR", default=argparse.SUPPRESS, help="folder of the lake")


def _run(arguments: argparse.Namespace, settings: Settings) -> int:
    status: int = arguments.action(arguments, settings)
    return status


def _tell(arguments: argparse.Namespace, settings: Settings) -> int:
    from pathlib import Path

    from pipeline.alerts.dispatch import run_pass
    from pipeline.alerts.hooks import build_receivers
    from pipeline.alerts.listing import report_line
    from pipeline.lake import Lake
    from pipeline.runs import present_runs

    if not settings.hooks:
        print(NO_HOOKS, end="")
        return 0
    receivers = build_receivers(settings)
    lake = Lake.open(Path(settings.lake))
    if arguments.follow:
        return _follow(lake, settings)
    if not present_runs(lake):
        print("nothing is linked yet, so there is nothing new to tell: hydratrace link")
    reports = run_pass(lake, settings.hooks, receivers)
    for report in reports:
        print(report_line(report))
    return 0 if all(report.ok for report in reports) else 1


def _follow(lake: "Lake", settings: Settings) -> int:
    import threading

    from pipeline.alerts.follow import follow
    from pipeline.alerts.hooks import build_receivers
    from pipeline.alerts.listing import report_line
    from pipeline.signals import stopped_by_signals

    stop = threading.Event()
    with stopped_by_signals(stop):
        follow(
            lake,
            settings.hooks,
            lambda: build_receivers(settings),
            stop,
            lambda report: print(report_line(report), flush=True),
        )
    return 0


def _list(arguments: argparse.Namespace, settings: Settings) -> int:
    from pathlib import Path

    from pipeline.alerts.listing import table
    from pipeline.alerts.outbox import all_deliveries, holds
    from pipeline.lake import Lake

    lake = Lake.open(Path(settings.lake))
    for line in table(all_deliveries(lake), holds(lake), arguments.state):
        print(line)
    return 0


def _replay(arguments: argparse.Namespace, settings: Settings) -> int:
    from pathlib import Path

    from pipeline.alerts.dispatch import replay
    from pipeline.alerts.hooks import build_receivers
    from pipeline.alerts.listing import report_line
    from pipeline.alerts.outbox import all_deliveries
    from pipeline.lake import Lake

    if bool(arguments.alert_uid) == arguments.failed:
        raise UsageError("what to send again is not clear", expected="ALERT_UID… or --failed")
    receivers = build_receivers(settings)
    lake = Lake.open(Path(settings.lake))
    wanted = set(arguments.alert_uid)
    deliveries = all_deliveries(lake)
    known = {alert.alert_uid: alert.hook for alert in deliveries}
    if unknown := wanted - known.keys():
        raise UsageError(f"no delivery {min(unknown)} in the lake", remedy="hydratrace alert list shows them")
    if arguments.failed:
        wanted = {a.alert_uid for a in deliveries if a.state in ("failed", "disabled") and a.hook in receivers}
    if homeless := {known[uid] for uid in wanted} - receivers.keys():
        raise UsageError(f"hook {min(homeless)} is not in the settings any more", remedy="name it there again")
    hooks = [hook for hook in settings.hooks if hook.name in {known[uid] for uid in wanted}]
    reports = replay(lake, hooks, receivers, lambda alert: alert.alert_uid in wanted)
    for report in reports:
        print(report_line(report))
    if not reports:
        print("nothing failed: there is nothing to send again")
    return 0 if all(report.ok for report in reports) else 1


COMMAND = Command("alert", "tell the hooks, once, what is new about the operators found", _arguments, _run)
