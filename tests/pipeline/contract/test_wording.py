from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
import pytest
from msgspec import Meta, inspect

from pipeline.contract.wording import DescribedField, described_fields, type_in_words


class Inner(msgspec.Struct):
    a: int
    b: str = ""


@pytest.mark.parametrize(
    ("annotation", "words"),
    [
        (str, "string"),
        (Annotated[str, Meta(min_length=1)], "string, not empty"),
        (Annotated[str, Meta(min_length=1, max_length=9)], "string of 1 to 9 characters"),
        (Annotated[str, Meta(max_length=9)], "string of 0 to 9 characters"),
        (int, "integer"),
        (Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)], "integer"),
        (Annotated[int, Meta(ge=0, le=2**63 - 1)], "integer at least 0"),
        (Annotated[float, Meta(gt=0, le=30)], "number above 0 and at most 30"),
        (bool | None, "boolean"),
        (Annotated[datetime, Meta(tz=True)], "RFC 3339 time with offset"),
        (Literal["a", "b"], "one of `a`, `b`"),
        (Annotated[list[int], Meta(min_length=2, max_length=2)], "list of 2 of integer"),
        (str | list[Inner] | None, "string or list of {a, b}"),
        (dict[str, float], "table of number"),
    ],
    ids=str,
)
def test_types_are_said_in_words(annotation: Any, words: str) -> None:
    assert type_in_words(inspect.type_info(annotation)) == words


def test_a_type_without_words_is_refused() -> None:
    with pytest.raises(TypeError, match="no words for"):
        type_in_words(inspect.type_info(bytes))


def test_fields_come_with_default_and_description() -> None:
    class Record(msgspec.Struct):
        needed: Annotated[int, Meta(description="Must be there.")]
        names: list[str] = []

    assert described_fields(Record) == [
        DescribedField("needed", "integer", "", "Must be there."),
        DescribedField("names", "list of string", "[]", ""),
    ]
