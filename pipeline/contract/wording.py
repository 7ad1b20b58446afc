"""Fields of a struct in words, for generated documents."""

from typing import NamedTuple

import msgspec
from msgspec import inspect

from pipeline.markdown import code

WIDEST = 2**63 - 1  # a limit of the column's type, not of the field: not worth a word


class DescribedField(NamedTuple):
    """A field as a reader should know it; `default` is JSON, empty where the field is required."""

    name: str
    type: str
    default: str
    description: str


def described_fields(record: type[msgspec.Struct]) -> list[DescribedField]:
    """Every field of `record`, in order."""
    kind = inspect.type_info(record)
    assert isinstance(kind, inspect.StructType)
    return [
        DescribedField(field.name, type_in_words(field.type), _default(field), _description(field.type))
        for field in kind.fields
    ]


def type_in_words(kind: inspect.Type) -> str:
    """A JSON type with its limits, as a developer would say it. Raises TypeError for a type that has no words yet."""
    match kind:
        case inspect.Metadata():
            return type_in_words(kind.type)
        case inspect.UnionType():
            return " or ".join(type_in_words(option) for option in kind.types if option != inspect.NoneType())
        case inspect.LiteralType():
            return "one of " + ", ".join(code(str(value)) for value in kind.values)
        case inspect.StructType():
            return "{" + ", ".join(field.encode_name for field in kind.fields) + "}"
    return _plain_type(kind)


def _plain_type(kind: inspect.Type) -> str:
    match kind:
        case inspect.StrType():
            return "string" + _length(kind.min_length, kind.max_length, " characters")
        case inspect.BoolType():
            return "boolean"
        case inspect.IntType():
            return "integer" + _span(kind)
        case inspect.FloatType():
            return "number" + _span(kind)
        case inspect.DateTimeType():
            return "RFC 3339 time with offset"
        case inspect.ListType() | inspect.VarTupleType():
            return f"list{_length(kind.min_length, kind.max_length)} of {type_in_words(kind.item_type)}"
        case inspect.DictType():
            return f"table of {type_in_words(kind.value_type)}"
    raise TypeError(f"no words for {kind}")


def _length(least: int | None, most: int | None, unit: str = "") -> str:
    if least == 1 and most is None:
        return ", not empty"
    if least is None and most is None:
        return ""
    return f" of {most}{unit}" if least == most else f" of {least or 0} to {most}{unit}"


def _span(kind: inspect.IntType | inspect.FloatType) -> str:
    words = (("at least", kind.ge), ("above", kind.gt), ("at most", kind.le), ("below", kind.lt))
    limits = [f"{word} {limit}" for word, limit in words if limit is not None and abs(limit) < WIDEST]
    return f" {' and '.join(limits)}" if limits else ""


def _default(field: inspect.Field) -> str:
    if field.required:
        return ""
    value = field.default if field.default is not msgspec.NODEFAULT else field.default_factory()
    return msgspec.json.encode(value).decode()


def _description(kind: inspect.Type) -> str:
    found = kind.extra_json_schema if isinstance(kind, inspect.Metadata) else None
    return str((found or {}).get("description", ""))
