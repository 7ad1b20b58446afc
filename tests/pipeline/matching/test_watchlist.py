import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from pipeline.matching.watchlist import KeySet

KEYS = st.sampled_from([f"key-{number}" for number in range(12)] + ["", "ключ"])


@given(st.sets(KEYS, min_size=1), st.lists(st.none() | KEYS), st.integers(0, 5))
def test_find_is_a_look_up_of_each_value(watched: set[str], shown: list[str | None], cut: int) -> None:
    keys = KeySet(pa.table({"key": pa.array(sorted(watched), pa.string())}))
    parts = pa.chunked_array([shown[:cut], shown[cut:]], pa.string())
    at, place = keys.find(parts)
    assert at.tolist() == [row for row, value in enumerate(shown) if value in watched]
    assert keys.rows["key"].take(pa.array(place)).to_pylist() == [value for value in shown if value in watched]
