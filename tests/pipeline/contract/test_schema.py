from datetime import date, datetime
from typing import Annotated, Literal

import msgspec
import pytest

from pipeline.contract.events import TOPICS, Payment, Signup, Usage
from pipeline.contract.schema import Column, event_columns, event_fields, storage_of, struct_columns
from pipeline.contract.storage import Kind, Storage, field, token


class Everything(msgspec.Struct):
    text: Annotated[str, msgspec.Meta(description="A text.")]
    count: Annotated[int | None, msgspec.Meta(description="Of things.", ge=0)]
    share: float
    is_open: bool
    at: Annotated[datetime, msgspec.Meta(tz=True)]
    day: date
    word: Literal["a", "b"]
    words: list[str]
    limited: list[Annotated[int, msgspec.Meta(ge=0)]] | None


def test_every_kind_of_annotation_becomes_a_column() -> None:
    assert struct_columns(Everything) == (
        Column("text", "string", False, "A text."),
        Column("count", "int", True, "Of things."),
        Column("share", "float", False, ""),
        Column("is_open", "bool", False, ""),
        Column("at", "timestamp", False, ""),
        Column("day", "date", False, ""),
        Column("word", "string", False, ""),
        Column("words", "list<string>", False, ""),
        Column("limited", "list<int>", True, ""),
    )


def test_a_type_without_a_column_type_is_refused() -> None:
    class Odd(msgspec.Struct):
        value: bytes

    with pytest.raises(KeyError):
        struct_columns(Odd)


def test_a_token_takes_the_place_of_its_field() -> None:
    columns = {column.name: column for column in event_columns(Payment)}
    assert columns["card_key"].nullable
    assert columns["card_key"].description.startswith("Token of card_fingerprint: ")
    assert not columns.keys() & {"card_fingerprint", "billing_name", "billing_postcode"}


@pytest.mark.parametrize("record", [Signup, Usage])
def test_an_address_becomes_tokens_and_a_prefix(record: type[msgspec.Struct]) -> None:
    names = [column.name for column in event_columns(record)]
    assert [name for name in names if name.startswith(("ip", "asn"))] == [
        *("ip_key", "ip_64_key", "ip_prefix", "asn", "ip_country")
    ]
    assert "ip" not in names


def test_no_raw_personal_value_has_a_column() -> None:
    for topic in TOPICS:
        columns = {column.name for column in event_columns(topic.record)}
        for name, storage, _ in event_fields(topic.record):
            kept = {"clear": {name}, "minhash": {name}, "token": {storage.column}}.get(storage.how, set())
            assert name not in columns - kept


def test_a_prompt_has_no_column() -> None:
    assert not [column.name for column in event_columns(Usage) if column.name == "prompt"]


def test_fields_say_whether_they_are_required() -> None:
    required = {name for name, _, needed in event_fields(Signup) if needed}
    assert required == {"event_id", "event_time", "account_id", "email", "ip", "user_agent"}


def test_a_storage_rule_is_found_beside_limits_and_is_clear_without() -> None:
    rule = token("x_key", Kind.DEVICE)
    assert storage_of(Annotated[str, field("X.", rule, min_length=1)]) == rule
    assert storage_of(Annotated[str, msgspec.Meta(min_length=1)]) == storage_of(str) == Storage("clear")
