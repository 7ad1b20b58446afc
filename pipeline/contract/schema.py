"""Walks the definitions once: every table as a flat list of typed, described columns."""

import types
import typing
from datetime import date, datetime
from enum import Enum
from typing import Annotated, Any, Literal

import msgspec

from pipeline.contract.storage import CLEAR, Storage


class Column(msgspec.Struct, frozen=True):
    """One column: `type` is one of the keys of `arrow.ARROW_TYPES`."""

    name: str
    type: str
    nullable: bool
    description: str


SCALARS: dict[Any, str] = {
    str: "string",
    int: "int",
    float: "float",
    bool: "bool",
    datetime: "timestamp",
    date: "date",
}


def struct_columns(record: type[msgspec.Struct]) -> tuple[Column, ...]:
    """Columns of a struct whose fields are stored as they are."""
    return tuple(_column(name, hint) for name, hint in _hints(record))


def event_columns(record: type[msgspec.Struct]) -> tuple[Column, ...]:
    """Columns that an event's fields are stored in, after pseudonymisation."""
    columns: list[Column] = []
    for name, hint in _hints(record):
        plain, storage = _column(name, hint), storage_of(hint)
        columns.extend(_stored(plain, storage))
    return tuple(columns)


def event_fields(record: type[msgspec.Struct]) -> tuple[tuple[str, Storage, bool], ...]:
    """(field, storage rule, required) of every field of an event."""
    required = {f.name for f in msgspec.structs.fields(record) if f.required}
    return tuple((name, storage_of(hint), name in required) for name, hint in _hints(record))


def storage_of(hint: Any) -> Storage:
    """The storage rule written in an annotation; `clear` where none is."""
    for meta in typing.get_args(hint)[1:]:
        if isinstance(meta, msgspec.Meta) and meta.extra and "storage" in meta.extra:
            rule = meta.extra["storage"]
            assert isinstance(rule, Storage)
            return rule
    return CLEAR


def description_of(hint: Any) -> str:
    """The description written in an annotation."""
    for meta in typing.get_args(hint)[1:]:
        if isinstance(meta, msgspec.Meta) and meta.description:
            return meta.description
    return ""


def _hints(record: type[msgspec.Struct]) -> list[tuple[str, Any]]:
    hints = typing.get_type_hints(record, include_extras=True)
    return [(f.name, hints[f.name]) for f in msgspec.structs.fields(record)]


def _column(name: str, hint: Any) -> Column:
    inner = typing.get_args(hint)[0] if typing.get_origin(hint) is Annotated else hint
    nullable = False
    if typing.get_origin(inner) in (typing.Union, types.UnionType):  # Annotated[…] | None is the former
        options = [option for option in typing.get_args(inner) if option is not type(None)]
        nullable = len(options) < len(typing.get_args(inner))
        inner = options[0]
    return Column(name, _type(inner), nullable, description_of(hint))


def _type(inner: Any) -> str:
    if typing.get_origin(inner) is list:
        return f"list<{_type(typing.get_args(inner)[0])}>"
    if typing.get_origin(inner) is Annotated:
        return _type(typing.get_args(inner)[0])
    if typing.get_origin(inner) is Literal or (isinstance(inner, type) and issubclass(inner, Enum)):
        return "string"
    return SCALARS[inner]


def _stored(plain: Column, storage: Storage) -> list[Column]:
    if storage.how == "clear":
        return [plain]
    if storage.how == "dropped":
        return []
    if storage.how == "token":
        return [Column(storage.column, "string", plain.nullable, f"Token of {plain.name}: {_lowered(plain)}")]
    if storage.how == "minhash":
        return [Column(plain.name, "list<int>", True, f"Keyed slots: {_lowered(plain)}")]
    if storage.how == "ip":
        return [
            Column("ip_key", "string", False, "Token of the canonical IP address."),
            Column("ip_64_key", "string", True, "IPv6 only: token of the /64, since privacy addresses change daily."),
            Column("ip_prefix", "string", False, "The /24 (IPv4) or /48 (IPv6) in clear."),
            Column("asn", "int", True, "Autonomous system, when a database is named in the settings."),
            Column("ip_country", "string", True, "Country of the address, when a database is named in the settings."),
        ]
    return [
        Column("email_key", "string", False, "Token of the canonical e-mail address."),
        Column("email_local_key", "string", False, "Token of the canonical part before the @."),
        Column("email_domain", "string", True, "Mail domain, lower case, in clear; null without an @."),
        Column("email_shape", "string", False, "Shape of the local part: letters as a, digits as 9."),
    ]


def _lowered(column: Column) -> str:
    return column.description[:1].lower() + column.description[1:]
