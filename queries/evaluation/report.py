"""The figures as tables: on a terminal, and as the document that is kept."""

from typing import BinaryIO, NamedTuple

import pyarrow as pa

from pipeline.markdown import table
from queries.evaluation.figures import (
    CALM,
    DETECTION,
    FAMILIES,
    HONEST,
    IDS,
    LEVELS,
    RECALL_BY_LEVEL,
    RIVALS,
    SOONER,
    VERDICTS,
    Figures,
)
from queries.evaluation.goals import goals_sql
from queries.evaluation.measured import Measured, Row
from queries.evaluation.variants import SPLINK
from queries.formats.cells import text_of
from queries.formats.grid import write_table

SEEN = "seeds 1 to 10, 50, 101 to 106 and 201 to 218"
HELD_OUT = f"These seeds are held out: nobody looked at what they make while the detector was built (on {SEEN})."
LOOKED_AT = f"Not all of these seeds are held out: the detector was built while looking at {SEEN}."


class Part(NamedTuple):
    """One table with what is to be known about it; `name` is its name in `Measured.tables`."""

    name: str
    title: str
    note: str
    sql: str


PARTS = (
    Part("goals", "Goals", "Each is measured in a table below.", goals_sql()),
    Part(
        "verdicts",
        "Per verdict",
        "accounts: of whom it is true. judged: whose cluster has the verdict. Any verdict but the true one is a miss.",
        VERDICTS,
    ),
    Part(
        "levels",
        "Per level of evasion",
        "found: accounts in a cluster with the right verdict. precision: their share of the accounts in clusters "
        "with that verdict whose commonest level this is.",
        LEVELS,
    ),
    Part(
        "honest",
        "Honest accounts",
        "accused: of distillation or trial abuse. All worlds, the one without rings too.",
        HONEST,
    ),
    Part("calm", "A world without rings", "Nobody is to be accused here.", CALM),
    Part(
        "families",
        "One family of evidence left out",
        "Accusations (distillation or trial abuse): precision and recall. B-cubed (b3) is over all accounts that have "
        "an operator, those in no cluster being clusters of their own. What is left out links nobody; a verdict's "
        "facts of conduct (bans, prepaid cards, trials) stay.",
        FAMILIES,
    ),
    Part(
        "recall_by_level",
        "Recall per level, one family left out",
        "Share of a level's accounts with the right verdict.",
        RECALL_BY_LEVEL,
    ),
    Part(
        "sooner",
        "How soon",
        "Linked as of the day: accounts that had sent a request by then, how many each, and the share of them found.",
        SOONER,
    ),
    Part(
        "detection",
        "Days and requests until an operator is found",
        "One world linked every day of a month. found: half of the accounts active by then are in clusters with the "
        "right verdict. Medians over operators; requests are all of the operator's until then.",
        DETECTION,
    ),
    Part(
        "ids",
        "Ids per operator",
        "The same runs, each going on from the one before. An operator's id is that of the cluster with most of its "
        "accounts, if they are most of the cluster.",
        IDS,
    ),
    Part(
        "rivals",
        "Rivals on the same keys",
        "They give no verdicts, so each group of three or more counts as accused, resellers' groups too. Shared keys: "
        "cards, devices, IPs and templates. Splink compares mail names and domains as well.",
        RIVALS,
    ),
)


def tables_of(figures: Figures) -> dict[str, list[Row]]:
    """Every table by its name."""
    tables: dict[str, list[Row]] = {part.name: figures.table(part.sql).to_pylist() for part in PARTS}
    rivals = tables["rivals"]
    if rivals and all(row["variant"] != SPLINK for row in rivals):
        rivals.append(dict.fromkeys(rivals[0]) | {"variant": f"{SPLINK}: not installed"})
    return tables


def about(found: Measured) -> str:
    """What was simulated, and whether anybody had looked at it before."""
    seeds, calm = (", ".join(map(str, of)) for of in (found.seeds, found.calm_seeds))
    return (
        f"Simulated were {found.days} days of {found.accounts:,} accounts with {found.operators} operators (seeds "
        f"{seeds}), and as many accounts without any (seed {calm}). "
        + (HELD_OUT if found.held_out else LOOKED_AT)
        + " Simulated figures rank designs; they are not accuracy in the field."
    )


def write_tables(found: Measured, out: BinaryIO) -> None:
    """Write every table as a terminal shows it."""
    for part in PARTS:
        out.write(f"\n{part.title}\n{part.note}\n\n".encode())
        write_table(pa.Table.from_pylist(found.tables.get(part.name, [])).to_reader(), out, None)


def quality_document(found: Measured) -> str:
    """The document: when and how it was measured, on what, and every table."""
    text = [
        "# Measured quality\n\n",
        f"Measured on {found.measured_on} with `{found.command}` (detector `{found.detector}`). {about(found)}\n",
    ]
    for part in PARTS:
        text.append(f"\n## {part.title}\n\n{part.note}\n\n")
        text.append(_table(found.tables.get(part.name, [])))
    return "".join(text)


def _table(rows: list[Row]) -> str:
    return (
        table(list(rows[0]), [[text_of(value) for value in row.values()] for row in rows])
        if rows
        else "Not measured.\n"
    )
