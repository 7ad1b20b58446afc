from pathlib import Path

import pytest

from pipeline.errors import LakeError
from pipeline.lake import Lake
from queries.casefile.publish import publish
from queries.networks import FILE, read_networks
from queries.report.case import write_case
from queries.report.verify import verify_case
from queries.sandbox import Limits, open_case

LISTED = "asn,network_class,listed_by\n64500,hosting,ours\n"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("asn,class\n", 1),
        ("", 1),
        (LISTED + "x,hosting,ours\n", 3),
        (LISTED + "64501,,ours\n", 3),
        (LISTED + "64500,mobile,ours\n", 3),
        (LISTED + "4294967296,mobile,ours\n", 3),
        (LISTED + "64501,mobile\n", 3),
    ],
)
def test_a_wrong_line_is_named(tmp_path: Path, text: str, line: int) -> None:
    (tmp_path / FILE).write_text(text)
    with pytest.raises(LakeError, match=rf"{FILE}:{line} is"):
        read_networks(tmp_path)


def test_without_a_list_nothing_is_known(tmp_path: Path) -> None:
    assert read_networks(tmp_path).num_rows == 0


def test_the_case_file_and_the_case_have_the_list(published: Lake, tmp_path: Path) -> None:
    (published.root / FILE).write_text(LISTED)
    publish(published)
    with open_case(published.root, Limits()) as connection:
        found = connection.sql("SELECT asn, network_class FROM attribution('op_1') ORDER BY asn").fetchall()
    assert found == [(64500, "hosting"), (64501, None)]
    write_case(published, "op_1", tmp_path / "case", "ana")
    page = (tmp_path / "case" / "report.html").read_text()
    assert "by class of network: unknown 62%, hosting 38%." in page
    (published.root / FILE).write_text(LISTED.replace("hosting", "vpn"))
    assert verify_case(published, tmp_path / "case").holds
