import io
from datetime import UTC, datetime

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from queries.formats.grid import MOST_ROWS, display_width, render, wrapped, write_table


def shown(table: pa.Table, width: int | None) -> str:
    out = io.BytesIO()
    write_table(table.to_reader(), out, width)
    return out.getvalue().decode()


def test_numbers_are_right_aligned_and_nulls_empty() -> None:
    table = pa.table({"name": ["a", None], "count": [1, 100], "share": [0.5, 1 / 3]})
    assert shown(table, None) == (
        "name  count     share\n"
        "────  ─────  ────────\n"
        "a         1       0.5\n"
        "        100  0.333333\n"
    )  # fmt: skip


def test_instants_and_lists_are_readable() -> None:
    table = pa.table({"at": [datetime(2026, 6, 1, 8, tzinfo=UTC)], "why": [["one", "two"]]})
    assert shown(table, None).splitlines()[2] == "2026-06-01T08:00:00Z  one; two"


def test_wide_cells_are_wrapped_and_nothing_is_lost() -> None:
    reason = "the conversation was continued three seconds after a 429"
    table = pa.table({"account": ["a1", "a2"], "reason": [reason, "short"]})
    lines = shown(table, 30).splitlines()
    assert max(map(len, lines)) <= 30
    assert " ".join(line[9:].strip() for line in lines[2:-1]) == reason


def test_sentences_are_wrapped_before_names_are() -> None:
    table = pa.table({"account": ["acct_0123456789abcdef"] * 2, "why": ["a sentence of many words that goes on"] * 2})
    lines = shown(table, 50).splitlines()
    assert lines[2] == "acct_0123456789abcdef  a sentence of many words"
    assert max(map(len, lines)) <= 50


def test_times_are_shown_to_the_second() -> None:
    table = pa.table({"at": [datetime(2026, 6, 1, 8, 0, 0, 123, UTC)]})
    assert shown(table, None).splitlines()[2] == "2026-06-01T08:00:00Z"


def test_one_row_that_does_not_fit_stands_upright() -> None:
    assert shown(pa.table({"account": ["a1"], "why": ["x" * 20 + " " + "y" * 20]}), 31).splitlines() == [
        "account  a1",
        "why      " + "x" * 20,
        "         " + "y" * 20,
    ]


def test_what_an_attacker_wrote_cannot_move_the_cursor_or_forge_a_row() -> None:
    text = shown(pa.table({"agent": ["a\x1b[2J\nforged  row\u202e"]}), None)
    assert "\x1b" not in text and "\u202e" not in text and len(text.splitlines()) == 3


def test_no_rows_says_so() -> None:
    assert shown(pa.table({"a": pa.array([], pa.int64())}), 80).splitlines() == ["a", "─", "(no rows)"]


def test_more_rows_than_anybody_reads_are_announced() -> None:
    lines = shown(pa.table({"n": range(MOST_ROWS + 1)}), None).splitlines()
    assert len(lines) == 2 + MOST_ROWS + 1
    assert lines[-1].startswith(f"(the first {MOST_ROWS} rows")


def test_wide_characters_take_two_columns() -> None:
    assert display_width("日本a") == 5
    assert display_width("e\u0301") == 1


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc", "Mn"]), max_size=60), st.integers(2, 30))
def test_wrapping_keeps_every_character_but_spaces_at_breaks(text: str, width: int) -> None:
    lines = wrapped(text, width)
    assert all(display_width(line) <= width for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


@given(st.lists(st.tuples(st.text(max_size=30), st.text(max_size=30)), min_size=2, max_size=5))
def test_every_line_fits(rows: list[tuple[str, str]]) -> None:
    assert all(display_width(line) <= 40 for line in render(["a", "b"], [list(row) for row in rows], 40))
