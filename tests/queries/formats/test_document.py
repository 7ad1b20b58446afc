import io
import json
import math
from decimal import Decimal

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from queries.formats.document import json_line, write_json


def written(table: pa.Table) -> str:
    out = io.BytesIO()
    write_json(table.to_reader(), out, None)
    return out.getvalue().decode()


def test_rows_are_one_array() -> None:
    assert written(pa.table({"a": [1, 2], "b": ["x", None]})) == '[\n{"a":1,"b":"x"},\n{"a":2,"b":null}\n]\n'


def test_no_rows_are_an_empty_array() -> None:
    assert json.loads(written(pa.table({"a": pa.array([], pa.int64())}))) == []


def test_numbers_stay_numbers_and_what_json_lacks_is_null() -> None:
    table = pa.table({"sum": pa.array([Decimal(2) ** 70], pa.decimal128(38, 0)), "nan": [math.nan]})
    assert json.loads(written(table)) == [{"sum": 2**70, "nan": None}]


def test_control_and_bidi_characters_are_escaped() -> None:
    assert json_line({"a": "\x1b\u202e\x7f\U000e0001é"}) == '{"a":"\\u001b\\u202e\\u007f\\udb40\\udc01é"}'.encode()


@given(st.text(st.characters(codec="utf-8")))
def test_a_json_reader_gets_every_text_back(text: str) -> None:
    assert json.loads(json_line({"a": text})) == {"a": text}
