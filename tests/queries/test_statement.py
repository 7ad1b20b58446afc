from pathlib import Path

import pytest

from queries.statement import HeaderError, read_statement

GOOD = """-- Accounts that used one device
-- inside a window.
-- param   since         TIMESTAMPTZ        Only events at or after this instant.
-- param   kind          VARCHAR      = 'a b'  Kind.
-- column  device_key    VARCHAR            The shared device.
-- column  reasons       VARCHAR[]          Why.
SELECT 1 -- column x
"""


def test_reads_the_header(tmp_path: Path) -> None:
    path = tmp_path / "devices.sql"
    path.write_text(GOOD)
    statement = read_statement(path)
    assert statement.name == "devices"
    assert statement.about == "Accounts that used one device inside a window."
    assert [(p.name, p.type, p.default) for p in statement.parameters] == [
        ("since", "TIMESTAMPTZ", None),
        ("kind", "VARCHAR", "'a b'"),
    ]
    assert [(c.name, c.type) for c in statement.columns] == [("device_key", "VARCHAR"), ("reasons", "VARCHAR[]")]
    assert statement.sql == "SELECT 1 -- column x"


@pytest.mark.parametrize(
    "wrong",
    ["SELECT 1", "-- About.\nSELECT 1", "-- About.\n-- param x\n", "-- About.\n-- column x INT  X.\n-- More.\n"],
)
def test_a_wrong_header_is_refused(tmp_path: Path, wrong: str) -> None:
    path = tmp_path / "x.sql"
    path.write_text(wrong)
    with pytest.raises(HeaderError, match=r"x\.sql"):
        read_statement(path)
