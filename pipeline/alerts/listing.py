"""Deliveries and passes as lines of text."""

from collections.abc import Mapping
from datetime import datetime

from pipeline.alerts.dispatch import Report
from pipeline.alerts.outbox import envelope
from pipeline.alerts.text import clean
from pipeline.contract.tables import Alert

HEADINGS = ("state", "hook", "change", "verdict", "cluster", "rev", "tries", "last", "next", "alert", "detail")
CELL = 80


def table(deliveries: list[Alert], holds: Mapping[str, datetime], state: str | None = None) -> list[str]:
    """Deliveries in `state` (or all) as an aligned table, and a last line that counts them.

    `holds` says until when a hook's receiver is left in peace.
    """
    shown = [alert for alert in deliveries if state is None or alert.state == state]
    if not shown:
        return ["no deliveries" if state is None else f"no deliveries are {state}"]
    rows = [HEADINGS, *(tuple(clean(cell, CELL) for cell in _cells(alert, holds)) for alert in shown)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return [*lines, f"{len(shown)} deliveries" if len(shown) != 1 else "1 delivery"]


def report_line(report: Report) -> str:
    """One pass over one hook in a line."""
    parts = [f"{report.sent.delivered} delivered"]
    if report.sent.again:
        parts.append(f"{report.sent.again} to be tried again")
    if report.sent.failed:
        parts.append(f"{report.sent.failed} given up")
    if report.owed:
        parts.append(f"{report.owed} owed")
    if report.problem:
        parts.append(report.problem)
    return clean(f"{report.hook}: {', '.join(parts)}", 500)


def _cells(alert: Alert, holds: Mapping[str, datetime]) -> tuple[str, ...]:
    finding = envelope(alert).data
    due_at = max(alert.due_at, holds.get(alert.hook, alert.due_at)) if alert.due_at else None
    return (
        alert.state,
        alert.hook,
        finding.change,
        finding.verdict,
        alert.cluster_uid,
        str(alert.revision),
        str(alert.attempts),
        _moment(alert.at),
        _moment(due_at) if due_at else "-",
        alert.alert_uid,
        alert.detail,
    )


def _moment(instant: datetime) -> str:
    return instant.strftime("%Y-%m-%dT%H:%M:%SZ")
