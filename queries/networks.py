"""What networks are for: LAKE/networks.csv, a list that its owner keeps, since one that came with us would be stale."""

import csv
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from pipeline.contract.arrow import arrow_schema
from pipeline.errors import LakeError
from queries.casefile.tables import NETWORKS

FILE = "networks.csv"
HEADER = [column.name for column in NETWORKS.columns]
LARGEST_ASN = 2**32 - 1


def read_networks(folder: Path) -> pa.Table:
    """Rows of NETWORKS from networks.csv in `folder`, empty without one.

    Raises LakeError naming the line that is wrong.
    """
    path = folder / FILE
    if not path.exists():
        return arrow_schema(NETWORKS).empty_table()
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return pa.Table.from_pylist(list(_rows(path, csv.reader(file))), schema=arrow_schema(NETWORKS))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise LakeError(f"cannot read {path}: {error}", expected="a CSV file in UTF-8") from None


def _rows(path: Path, lines: Iterator[list[str]]) -> Iterator[dict[str, object]]:
    if next(lines, None) != HEADER:
        raise LakeError(f"{path}:1 is no such header", expected=f"the columns {','.join(HEADER)}")
    known: set[int] = set()
    for number, line in enumerate(lines, 2):
        asn = int(line[0]) if line and line[0].isascii() and line[0].isdecimal() else -1
        if len(line) != len(HEADER) or not 0 <= asn <= LARGEST_ASN or not line[1] or asn in known:
            raise LakeError(f"{path}:{number} is wrong", expected="asn (each once), its class, and who says so")
        known.add(asn)
        yield dict(zip(HEADER, (asn, *line[1:]), strict=True))
