from datetime import UTC, date, datetime

import pytest

from pipeline.errors import UsageError
from queries.parameters import bind, pairs
from queries.statement import Parameter

PARAMETERS = (
    Parameter("cluster", "VARCHAR", "The cluster.", None),
    Parameter("hops", "INTEGER", "Hops.", "8"),
    Parameter("since", "TIMESTAMPTZ", "Since.", "NULL"),
    Parameter("kind", "VARCHAR", "Kind.", "'card'"),
)


def test_defaults_fill_what_is_not_given() -> None:
    assert bind("q", PARAMETERS, {"cluster": "op_1"}) == {"cluster": "op_1", "hops": 8, "since": None, "kind": "card"}


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("VARCHAR", "'; DROP TABLE x", "'; DROP TABLE x"),
        ("INTEGER", "-7", -7),
        ("BIGINT", str(2**62), 2**62),
        ("DOUBLE", "1e3", 1000.0),
        ("BOOLEAN", "True", True),
        ("DATE", "2026-06-14", date(2026, 6, 14)),
        ("TIMESTAMPTZ", "2026-06-14T12:00:00+02:00", datetime(2026, 6, 14, 10, tzinfo=UTC)),
        ("TIMESTAMPTZ", "2026-06-14", datetime(2026, 6, 14, tzinfo=UTC)),
    ],
)
def test_text_becomes_the_parameters_type(kind: str, text: str, value: object) -> None:
    assert bind("q", [Parameter("x", kind, "X.", None)], {"x": text}) == {"x": value}


@pytest.mark.parametrize(
    ("kind", "text", "message"),
    [
        ("INTEGER", "2147483648", "parameter x: '2147483648' is not a whole number of 32 bits"),
        ("INTEGER", "1.5", "'1.5' is not a whole number"),
        ("DOUBLE", "much", "'much' is not a number"),
        ("BOOLEAN", "yes", "'yes' is not true or false"),
        ("DATE", "14.6.", "is not a day such as"),
        ("TIMESTAMPTZ", "noon", "is not a time such as"),
        ("TIMESTAMPTZ", "2026-06-14T12:00:00", "is not a time with an offset"),
    ],
)
def test_ill_typed_values_are_named(kind: str, text: str, message: str) -> None:
    with pytest.raises(UsageError, match="query q: ") as caught:
        bind("q", [Parameter("x", kind, "X.", None)], {"x": text})
    assert message in str(caught.value)


def test_everything_wrong_is_named_at_once() -> None:
    with pytest.raises(UsageError) as caught:
        bind("q", PARAMETERS, {"clustr": "op_1", "hops": "many"})
    assert str(caught.value) == (
        "query q: no parameter 'clustr', did you mean cluster?; "
        "missing parameter cluster (VARCHAR: The cluster.); parameter hops: 'many' is not a whole number of 32 bits"
    )


def test_pairs_split_at_the_first_equals_sign() -> None:
    assert pairs(["a=b=c", "d="]) == {"a": "b=c", "d": ""}


@pytest.mark.parametrize("wrong", [["a"], ["=b"], ["a=1", "a=2"]])
def test_wrong_pairs_are_refused(wrong: list[str]) -> None:
    with pytest.raises(UsageError, match="name=value"):
        pairs(wrong)
