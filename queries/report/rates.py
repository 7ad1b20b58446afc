"""Error rates that a report states: those of the last evaluation, with what they were measured on."""

from dataclasses import dataclass
from typing import Any

from queries.evaluation.measured import Measured, detector_digest, measured
from queries.formats.cells import text_of


@dataclass(frozen=True)
class Rates:
    """Sentences with figures, the rows for each level of evasion that the verdict's operators were simulated at.

    `is_of_this_code`: whether the detector was measured as it is now.
    """

    sentences: list[str]
    levels: list[dict[str, Any]]
    measured_on: str
    code_version: str
    detector: str
    command: str
    is_held_out: bool
    is_of_this_code: bool


def rates(verdict: str, told: Measured | None = None) -> Rates:
    """What is known of how often such a `verdict` is wrong, from `told` (default: the figures kept with the code)."""
    told = told or measured()
    tables = told.tables
    sentences = [_of_verdict(row) for row in tables["verdicts"] if row["verdict"] == verdict] or [
        f"How often the verdict {verdict} is wrong was not measured."
    ]
    return Rates(
        sentences=[*sentences, *_of_honest(tables)],
        levels=[row for row in tables["levels"] if row["label"] == verdict],
        measured_on=told.measured_on,
        code_version=told.code_version,
        detector=told.detector,
        command=told.command,
        is_held_out=told.held_out,
        is_of_this_code=told.detector == detector_digest(),
    )


def _of_verdict(row: dict[str, Any]) -> str:
    judged, accounts = row["judged"], row["accounts"]
    return (
        f"Of {judged:,} simulated accounts that were judged {row['verdict']}, {_percent(row['precision'])} were; of "
        f"{accounts:,} for whom it is true, {_percent(row['recall'])} were found."
    )


def _of_honest(tables: dict[str, list[dict[str, Any]]]) -> list[str]:
    accounts, accused = (sum(row[name] for row in tables["honest"]) for name in ("accounts", "accused"))
    calm = sum(row["accounts"] for row in tables["calm"])
    wronged = sum(row["accounts_accused"] for row in tables["calm"])
    # Rule of three (Hanley and Lippman-Hand 1983): none in n trials leaves up to 3 in n, at 95 % confidence.
    at_most = (
        f" (so at most {30_000 / accounts:.0f} in 10,000, with 95 % confidence)" if accounts and not accused else ""
    )
    return [
        f"Of {accounts:,} honest simulated accounts {accused:,} were accused of distillation or trial abuse{at_most}.",
        f"Of {calm:,} accounts of a provider without any operator {wronged:,} were accused.",
    ]


def _percent(share: float | None) -> str:
    return "an unknown share" if share is None else f"{text_of(round(100 * share, 1))} %"
