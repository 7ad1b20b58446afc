import duckdb
import pyarrow as pa
import pytest

from graph.signals import BY_KIND, SIGNALS
from graph.signals.signal import Signal

DRAWN = [pytest.param(signal, row, keys, id=signal.kind) for signal in SIGNALS for row, keys in signal.examples]


@pytest.mark.parametrize(("signal", "row", "keys"), DRAWN)
def test_a_signal_draws_the_keys_of_its_examples(signal: Signal, row: dict[str, object], keys: tuple[str, ...]) -> None:
    con = duckdb.connect()
    columns = {name: pa.array([value], pa.string() if value is None else None) for name, value in row.items()}
    con.register("event", pa.table(columns))
    found = con.sql(f"SELECT {signal.key} AS key FROM event WHERE {signal.where}").fetchall()
    assert tuple(key for (key,) in found) == keys


def test_kinds_are_unique_and_every_drawn_signal_has_an_example() -> None:
    assert len(BY_KIND) == len(SIGNALS)
    assert all(signal.examples for signal in SIGNALS if signal.table)
