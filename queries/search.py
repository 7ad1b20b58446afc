"""Finds who holds a raw value: its tokens, and the accounts whose events carry them."""

from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.contract.events import TOPICS, Event
from pipeline.contract.schema import event_fields
from pipeline.contract.storage import Kind
from pipeline.privacy.address import canonical as canonical_address
from pipeline.privacy.email import canonical as canonical_email
from pipeline.privacy.tokens import Tokens

# Producers send these as hashes; a row's recipe is part of the token, and theirs is named so.
PRODUCER = "producer"
EXPANDED = {
    "email": (("email_key", Kind.EMAIL), ("email_local_key", Kind.EMAIL_LOCAL)),
    "ip": (("ip_key", Kind.IP), ("ip_64_key", Kind.IP_64)),
}


@dataclass(frozen=True)
class TokenColumn:
    """A column that holds tokens of `kind`."""

    table: str
    column: str
    kind: Kind
    versioned: bool


def token_columns() -> list[TokenColumn]:
    """Every column of the event tables that holds tokens, as the contract has them."""
    return [column for topic in TOPICS for column in _columns(topic.table, topic.record)]


def tokens_of(tokens: Tokens, value: str) -> dict[Kind, str | None]:
    """Kind → token of `value`, in the canonical form that landing gives it; None for kinds that it cannot be of."""
    found: dict[Kind, str | None] = {}
    for column in token_columns():
        text = _canonical(column.kind, value.strip())
        name = f"{column.kind}/{PRODUCER}" if column.versioned else column.kind
        found[column.kind] = None if text is None else tokens.token(name, text)
    return found


def holders_sql() -> str:
    """One SELECT for the accounts that hold the tokens `$<kind>`, a row per kind and account."""
    parts = [
        f"SELECT '{c.kind}' AS kind, {c.column} AS token, account_id, event_time FROM all_{c.table} "
        f"WHERE {c.column} = ${c.kind}"
        for c in token_columns()
    ]
    return f"""
        SELECT v.kind, v.token, v.account_id, m.cluster_uid, c.verdict, a.standing,
               min(v.event_time) AS first_seen, max(v.event_time) AS last_seen, count(*) AS events
        FROM ({" UNION ALL ".join(parts)}) AS v
        LEFT JOIN accounts AS a ON a.account_id = v.account_id
        LEFT JOIN cluster_members AS m ON m.account_id = v.account_id
        LEFT JOIN clusters AS c ON c.cluster_uid = m.cluster_uid
        GROUP BY ALL ORDER BY v.kind, first_seen, v.account_id"""


def _columns(table: str, record: type[Event]) -> Iterator[TokenColumn]:
    for _, storage, _ in event_fields(record):
        if storage.how == "token":
            assert storage.kind is not None
            yield TokenColumn(table, storage.column, storage.kind, storage.versioned)
        for column, kind in EXPANDED.get(storage.how, ()):
            yield TokenColumn(table, column, kind, versioned=False)


def _canonical(kind: Kind, value: str) -> str | None:
    """`value` as landing tokenises it for `kind`; None where it is no such thing."""
    if kind is Kind.EMAIL:
        return canonical_email(value).whole if "@" in value else None
    if kind is Kind.EMAIL_LOCAL:
        return canonical_email(value).local
    if kind in {Kind.IP, Kind.IP_64}:
        address = canonical_address(value)
        return address and (address.whole if kind is Kind.IP else address.net64)
    return value
