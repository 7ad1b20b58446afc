"""Writes the generated documents: `python -m queries.document DIR`, or with --check says which are stale."""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec

from graph.signals import SIGNALS
from pipeline.contract.document import contract_document
from pipeline.contract.tables import TABLES, Home
from pipeline.contract.wording import described_fields
from pipeline.decode.reasons import Reason
from pipeline.formats import FORMATS
from pipeline.formats.document import formats_document
from pipeline.markdown import code, table
from pipeline.settings import FILE, PREFIX, Hook, Settings
from queries.casefile.tables import CASE_TABLES
from queries.catalogue import named_queries
from queries.cli import build_parser
from queries.evaluation.measured import measured
from queries.evaluation.report import quality_document
from queries.service.metrics import METRICS
from queries.statement import Statement

NOTE = "<!-- Written by `make docs`: edit what it is drawn from instead. -->\n\n"


def documents() -> dict[str, str]:
    """File name → text of every generated document."""
    reasons = {str(reason): reason.description for reason in Reason}
    tables = (*TABLES, *(spec for spec in CASE_TABLES if spec.home is Home.CASE))
    made = {
        "contract.md": contract_document(reasons, tables),
        "commands.md": commands_document(build_parser()),
        "settings.md": settings_document(),
        "input-formats.md": formats_document(FORMATS),
        "signals.md": signals_document(),
        "queries.md": queries_document(named_queries()),
        "metrics.md": metrics_document(),
        "quality.md": quality_document(measured()),
    }
    return {name: NOTE + text for name, text in made.items()}


def commands_document(parser: argparse.ArgumentParser) -> str:
    """The command line: every command with its arguments."""
    parts = [f"# Commands\n\n{parser.description}\n\n", _arguments(parser)]
    for name, command in _subparsers(parser):
        parts.append(f"\n## {parser.prog} {name}\n\n{command.description}\n\n{_arguments(command)}")
    parts.append("\nExit status: 0 done, 1 ran and failed, 2 wrong use or wrong settings.\n")
    return "".join(parts)


def settings_document() -> str:
    """Every setting with its type, default and meaning."""
    introduction = (
        f"# Settings\n\nFlags win over the environment (`{PREFIX}LAKE`, `{PREFIX}KAFKA_SECURITY_PROTOCOL`, …), which "
        f"wins over `{FILE}` of the working directory. A relative path in the file begins at the folder that the file "
        "lies in, one of a flag or the environment at the working directory.\n\n"
    )
    return f"{introduction}{_struct(Settings)}\n## [[hooks]]\n\n{Hook.__doc__}\n\n{_struct(Hook)}"


def signals_document() -> str:
    """Every signal: where its keys are drawn from, and what it says of two accounts."""
    rows = [(code(s.kind), s.family, code(s.table), code(s.where), s.sentence) for s in SIGNALS]
    head = ["signal", "family", "drawn from", "where", "sentence"]
    return "# Signals\n\nThe kinds of key that may link two accounts.\n\n" + table(head, rows)


def queries_document(statements: dict[str, Statement]) -> str:
    """Every named query: what it answers, its parameters and columns."""
    parts = ["# Named queries\n\n`hydratrace query NAME --param name=value --lake LAKE`\n"]
    for name, statement in statements.items():
        parts.append(f"\n## {name}\n\n{statement.about}\n\n")
        if statement.parameters:
            rows = [(code(p.name), p.type, code(p.default or ""), p.about) for p in statement.parameters]
            parts.append(table(["parameter", "type", "default", "meaning"], rows) + "\n")
        parts.append(table(["column", "type", "meaning"], [(code(c.name), c.type, c.about) for c in statement.columns]))
    return "".join(parts)


def metrics_document() -> str:
    """Every metric of `hydratrace run`."""
    rows = [(code(m.name), m.kind, ", ".join(map(code, m.labels)), m.about) for m in METRICS]
    introduction = "# Metrics\n\n`hydratrace run` answers `/metrics` in Prometheus' text format, and `/healthz`.\n\n"
    return introduction + table(["metric", "type", "labels", "meaning"], rows)


def _subparsers(parser: argparse.ArgumentParser) -> Iterator[tuple[str, argparse.ArgumentParser]]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            yield from action.choices.items()


def _arguments(parser: argparse.ArgumentParser) -> str:
    formatter = parser._get_formatter()
    rows = []
    for action in parser._actions:
        if isinstance(action, argparse._HelpAction | argparse._SubParsersAction):
            continue
        value = "" if action.nargs == 0 else formatter._format_args(action, action.dest.upper())
        rows.append((code(" ".join([", ".join(action.option_strings), value]).strip()), formatter._expand_help(action)))
    return table(["argument", "meaning"], rows) if rows else ""


def _struct(record: type[msgspec.Struct]) -> str:
    rows = [(code(f.name), f.type, code(f.default), f.description) for f in described_fields(record)]
    return table(["setting", "type", "default", "meaning"], rows)


def main(arguments: list[str]) -> int:
    """Write or check the documents; 1 if --check found a stale one."""
    parser = argparse.ArgumentParser(prog="python -m queries.document", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--check", action="store_true", help="write nothing, say what is stale")
    parsed = parser.parse_args(arguments)
    stale = {parsed.folder / name: text for name, text in documents().items()}
    stale = {path: text for path, text in stale.items() if not _holds(path, text)}
    for path, text in stale.items():
        if parsed.check:
            sys.stderr.write(f"{path} is stale: run make docs\n")
        else:
            path.write_text(text, encoding="utf-8")
    return 1 if stale and parsed.check else 0


def _holds(path: Path, text: str) -> bool:
    return path.exists() and path.read_text(encoding="utf-8") == text


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
