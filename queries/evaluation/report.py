"""The figures as tables: on a terminal, and as a document that is kept."""

from datetime import UTC, datetime
from typing import BinaryIO, NamedTuple

from pipeline.markdown import table
from pipeline.simulator.world import Plan
from queries.evaluation.evaluate import FIRST_HELD_OUT
from queries.evaluation.figures import (
    CALM,
    FAMILIES,
    HONEST,
    LEVELS,
    RECALL_BY_LEVEL,
    RIVALS,
    SOONER,
    VERDICTS,
    Figures,
)
from queries.evaluation.goals import goals_sql
from queries.formats.cells import text_of
from queries.formats.grid import write_table

SEEN = "seeds 1 to 10, 50 and 101 to 103"
HELD_OUT = f"These seeds are held out: nobody looked at what they make while the detector was built (on {SEEN})."
LOOKED_AT = f"Not all of these seeds are held out: the detector was built while looking at {SEEN}."


class Part(NamedTuple):
    """One table with what is to be known about it."""

    title: str
    note: str
    sql: str


PARTS = (
    Part(
        "Goals", "Ids per operator over daily runs and Splink's figures are not measured by this command.", goals_sql()
    ),
    Part(
        "Per verdict",
        "accounts: of whom it is true. judged: whose cluster has the verdict. Any verdict but the true one is a miss.",
        VERDICTS,
    ),
    Part(
        "Per level of evasion",
        "found: accounts in a cluster with the right verdict. precision: their share of the accounts in clusters "
        "with that verdict whose commonest level this is.",
        LEVELS,
    ),
    Part("Honest accounts", "accused: of distillation or trial abuse. All worlds, the one without rings too.", HONEST),
    Part("A world without rings", "Nobody is to be accused here.", CALM),
    Part(
        "One family of evidence left out",
        "Accusations (distillation or trial abuse): precision and recall. B-cubed (b3) is over all accounts that have "
        "an operator, those in no cluster being clusters of their own. What is left out links nobody; a verdict's "
        "facts of conduct (bans, prepaid cards, trials) stay.",
        FAMILIES,
    ),
    Part(
        "Recall per level, one family left out", "Share of a level's accounts with the right verdict.", RECALL_BY_LEVEL
    ),
    Part(
        "How soon",
        "Linked as of the day: accounts that had sent a request by then, how many each, and the share of them found.",
        SOONER,
    ),
    Part(
        "Rivals on the same keys",
        "They give no verdicts, so each group of three or more counts as accused, resellers' groups too. Shared keys: "
        "cards, devices, IPs and templates.",
        RIVALS,
    ),
)


def about(worlds: list[Plan]) -> str:
    """What was simulated, and whether anybody had looked at it before."""
    seeds = [str(plan.seed) for plan in worlds if plan.operators]
    calm = [str(plan.seed) for plan in worlds if not plan.operators]
    plan = worlds[0]
    held_out = all(plan.seed >= FIRST_HELD_OUT for plan in worlds)
    return (
        f"Simulated were {plan.days} days of {plan.accounts:,} accounts with {plan.operators} operators (seeds "
        f"{', '.join(seeds)}), and as many accounts without any (seed {', '.join(calm)}). "
        + (HELD_OUT if held_out else LOOKED_AT)
        + " Simulated figures rank designs; they are not accuracy in the field."
    )


def write_tables(figures: Figures, out: BinaryIO) -> None:
    """Write every table as a terminal shows it."""
    for part in PARTS:
        out.write(f"\n{part.title}\n{part.note}\n\n".encode())
        write_table(figures.table(part.sql).to_reader(), out, None)


def quality_document(figures: Figures, command: str, about: str) -> str:
    """The document: when and how it was measured, on what (`about`), and every table."""
    text = [
        "# Measured quality\n\n",
        f"<!-- Written by `make evaluate` on {datetime.now(UTC):%Y-%m-%d}: measure again instead of editing. -->\n\n",
        f"Measured on {datetime.now(UTC):%Y-%m-%d} with `{command}`. {about}\n",
    ]
    for part in PARTS:
        found = figures.table(part.sql)
        rows = [[text_of(value) for value in row.values()] for row in found.to_pylist()]
        text.append(f"\n## {part.title}\n\n{part.note}\n\n")
        text.append(table(found.column_names, rows))
    return "".join(text)
