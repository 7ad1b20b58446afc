"""The contract as a document: every field of every topic, every column of every table."""

from collections.abc import Mapping, Sequence

from pipeline.contract.events import TOPICS, Topic
from pipeline.contract.schema import event_fields
from pipeline.contract.storage import Storage
from pipeline.contract.tables import Home, Table
from pipeline.contract.wording import described_fields
from pipeline.markdown import code, table

INTRODUCTION = """\
# The contract

Four Kafka topics come in, the tables below come out. Value of a record: one JSON object, UTF-8, at most 1 MiB; key:
`account_id`, so that one account's events keep their order. Topic names are settings. Unknown fields are ignored. A
record that breaks a rule below goes to the table `rejected`; it never stops the stream.

Personal values become keyed tokens (HMAC-SHA-256) before anything is written; one value has one token in every topic.
Tokens and address prefixes are still personal data.
"""

STORED = {
    "clear": "as it is",
    "email": "tokens of the whole and of the local part, domain, shape",
    "ip": "tokens of the address and (IPv6) its /64, prefix, network and country",
    "minhash": "keyed slots",
    "dropped": "never",
}

HOMES = {
    Home.EVENTS: "Delta table `LAKE/{name}/`",
    Home.LAKE: "Delta table `LAKE/{name}/`",
    Home.RUN: "Immutable file `LAKE/runs/<run_id>/{name}.parquet`",
    Home.CASE: "In the case file only",
}


def contract_document(reasons: Mapping[str, str], tables: Sequence[Table]) -> str:
    """Markdown of the whole contract; `reasons` are those a record can be rejected for, in words.

    `tables` may have more than this floor's own: those that only the case file has.
    """
    parts = [INTRODUCTION, "\n## Topics\n", *map(_topic, TOPICS)]
    rows = [(code(reason), meaning) for reason, meaning in reasons.items()]
    parts.append("\n## Reasons for a reject\n\n" + table(["reason", "meaning"], rows))
    parts.extend(["\n## Tables\n", *map(_table, tables)])
    return "".join(parts)


def _topic(topic: Topic) -> str:
    rules = {name: (_stored(storage), required) for name, storage, required in event_fields(topic.record)}
    rows = []
    for field in described_fields(topic.record):
        stored, required = rules[field.name]
        rows.append((code(field.name), field.type, "yes" if required else "", stored, field.description))
    head = ["field", "type", "required", "stored", "meaning"]
    return f"\n### {topic.name}\n\nLands in `{topic.table}`. {topic.record.__doc__}\n\n" + table(head, rows)


def _stored(rule: Storage) -> str:
    return f"token in `{rule.column}`" if rule.how == "token" else STORED[rule.how]


def _table(spec: Table) -> str:
    place = HOMES[spec.home].format(name=spec.name)
    if spec.partition_by:
        place += f", partitioned by `{spec.partition_by}`"
    rows = [(code(c.name), c.type, "yes" if c.nullable else "", c.description) for c in spec.columns]
    head = ["column", "type", "null", "meaning"]
    return f"\n### {spec.name}\n\nGrain: {spec.grain}. {place}.\n\n" + table(head, rows)
