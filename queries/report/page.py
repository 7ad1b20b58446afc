"""report.html: one self-contained page that runs its own script and nothing else."""

import base64
import hashlib
from collections import defaultdict
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import jinja2
import pyarrow as pa

from pipeline.contract.tables import Run
from queries.catalogue import named_query
from queries.formats.cells import is_number, text_of
from queries.report.chart import link_chart
from queries.report.rates import rates
from queries.report.timeline import timeline
from queries.terminal import plain

HERE = Path(__file__).parent
# More rows than these make a page that nobody scrolls; the CSV beside it has them all.
MOST_ROWS = 200
# Longer tokens than an account's id or a time are broken into lines, or a row is wider than any screen.
LONGEST_WHOLE = 24
TABLES = {
    "Members": "cluster_members",
    "Evidence": "cluster_links",
    "What was taken": "extraction_ledger",
    "Shared keys": "shared_keys",
    "Failovers": "failovers",
    "Successors": "successors",
    "Where it comes from": "attribution",
    "Could be honest": "collateral",
    "Lineage": "lineage",
    "Decisions": "cluster_decisions",
}
SENTENCES = {
    "distillation": "One operator is behind these accounts and extracts the model's outputs.",
    "trial_abuse": "One operator is behind these accounts and farms free credit.",
    "resale": "One operator is behind these accounts and resells access.",
    "organisation": "One organisation is behind these accounts, openly.",
    "undetermined": "These accounts are linked; what for, the evidence does not say.",
}


def render(tables: dict[str, pa.Table], run: Run, made_at: datetime, made_by: str) -> str:
    """The page for the tables of a case."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True
    )
    environment.filters["shown"] = _shown
    style, script = ((HERE / name).read_text(encoding="utf-8") for name in ("page.css", "page.js"))
    summary = tables["cluster_summary"].to_pylist()[0]
    return environment.get_template("page.html.j2").render(
        summary=summary,
        sentence=SENTENCES[summary["verdict"]],
        chart=link_chart(tables["cluster_members"], tables["cluster_links"]),
        timeline=timeline(tables["cluster_timeline"], tables["successors"]),
        last_word=next(iter(tables["cluster_decisions"].to_pylist()), None),
        tables=[_table(title, name, tables[name]) for title, name in TABLES.items()],
        rates=rates(summary["verdict"]),
        run=run,
        made_at=made_at,
        made_by=made_by,
        code_version=version("hydratrace"),
        style=style,
        script=script,
        style_hash=_source_hash(style),
        script_hash=_source_hash(script),
    )


def _table(title: str, name: str, rows: pa.Table) -> dict[str, Any]:
    columns = named_query(name).columns
    shown = rows.slice(0, MOST_ROWS).to_pylist()
    return {
        "title": title,
        "name": name,
        "about": named_query(name).about,
        "columns": columns,
        "rows": [[(value, _kind(value)) for value in row.values()] for row in shown],
        "left_out": rows.num_rows - len(shown),
        "sentence": _networks(rows) if name == "attribution" else "",
    }


def _networks(rows: pa.Table) -> str:
    """What the networks are for, by share of the operator's sign-ups and requests; what is not known is said too."""
    shares: dict[str, float] = defaultdict(float)
    for row in rows.to_pylist():
        shares[row["network_class"] or "unknown"] += row["share"]
    if not shares.keys() - {"unknown"}:
        return "What these networks are for is not known: no list names them (networks.csv in the lake's folder)."
    ordered = sorted(shares.items(), key=lambda item: (-item[1], item[0]))
    return "Sign-ups and requests by class of network: " + ", ".join(f"{plain(c)} {s:.0%}" for c, s in ordered) + "."


def _source_hash(text: str) -> str:
    """Hash of an inline element as Content-Security-Policy names it."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _shown(value: Any) -> str:
    if isinstance(value, float) and abs(value) < 1000:
        return f"{value:.3g}"  # the evidence beside the page has every digit
    return plain(text_of(value.replace(microsecond=0) if isinstance(value, datetime) else value))


def _kind(value: Any) -> str:
    """Class of a table cell: a number, words, a long key or address, or a time or name that stays on one line."""
    if is_number(value):
        return "n"
    if isinstance(value, list) or (isinstance(value, str) and " " in value):
        return "w"
    return "k" if isinstance(value, str) and len(value) > LONGEST_WHOLE else "t"
