import pytest

from pipeline.contract.storage import Kind
from pipeline.privacy.keyfile import Key
from pipeline.privacy.tokens import Tokens
from queries.sandbox import Limits, open_case
from queries.search import holders_sql, token_columns, tokens_of

TOKENS = Tokens(Key(bytes(32)))


def test_every_kind_of_token_in_the_event_tables_is_searched() -> None:
    assert {column.kind for column in token_columns()} == set(Kind) - {Kind.KAFKA_KEY}
    assert ("payment", "card_key") in {(column.table, column.column) for column in token_columns()}


@pytest.mark.parametrize(
    ("raw", "kind", "canonical"),
    [
        (" Ann.B+x@Gmail.com\n", Kind.EMAIL, "annb@gmail.com"),
        ("Ann.B+x@Gmail.com", Kind.EMAIL_LOCAL, "annb"),
        ("::ffff:192.0.2.1", Kind.IP, "192.0.2.1"),
        ("2001:DB8::1", Kind.IP_64, "2001:db8::/64"),
        ("card_9", Kind.CARD, "card_9"),
    ],
)
def test_values_are_looked_up_in_the_form_that_landing_keeps(raw: str, kind: Kind, canonical: str) -> None:
    assert tokens_of(TOKENS, raw)[kind] == TOKENS.token(kind, canonical)


def test_hashes_of_producers_have_their_recipes_token() -> None:
    assert tokens_of(TOKENS, "ad7e")[Kind.SYSTEM] == TOKENS.token("system/producer", "ad7e")


def test_what_a_value_cannot_be_has_no_token() -> None:
    found = tokens_of(TOKENS, "192.0.2.1")
    assert found[Kind.EMAIL] is None and found[Kind.IP_64] is None and found[Kind.IP] is not None


def test_holders_are_found_over_every_event(published_root) -> None:
    tokens = dict.fromkeys(Kind) | {Kind.IP: "v1:ip_pool", Kind.CARD: "v1:card9"}
    values = {column.kind: tokens[column.kind] for column in token_columns()}
    with open_case(published_root, Limits()) as connection:
        rows = connection.sql(holders_sql(), params=values).to_arrow_table().to_pylist()
    assert [(row["kind"], row["account_id"], row["cluster_uid"], row["events"]) for row in rows] == [
        ("card", "h1", None, 1),
        ("ip", "h1", None, 2),
        ("ip", "a1", "op_1", 3),
    ]
