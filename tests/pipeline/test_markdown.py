from pipeline.markdown import code, table


def test_a_table_has_a_head_a_rule_and_rows() -> None:
    assert table(["a", "b"], [["1", "2"]]) == "| a | b |\n| --- | --- |\n| 1 | 2 |\n"


def test_cells_cannot_end_their_column_or_row_nor_hold_html() -> None:
    assert table(["x"], [["a|b\n c <script>"]]).splitlines()[2] == r"| a\|b c \<script> |"


def test_code_in_a_cell_stays_as_it_is() -> None:
    assert table(["x"], [[code("a < b")]]).splitlines()[2] == "| `a < b` |"


def test_nothing_is_no_code() -> None:
    assert code("") == ""
