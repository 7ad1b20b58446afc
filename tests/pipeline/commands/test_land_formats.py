import json

import pytest

from pipeline.lake import Lake
from queries.cli import main
from tests.pipeline.formats.samples import KONG, STRIPE, changed
from tests.pipeline.landed import rows
from tests.pipeline.privacy.mmdb import database


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Batches of Kong's log with bad and irrelevant requests among them, and one Stripe event."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    folder = tmp_path / "files"
    folder.mkdir()
    batches = [[changed(KONG, "/request/id", f"r-{n}-{m}") for m in range(3)] for n in range(20)]
    batches[3][1] = changed(batches[3][1], "/client_ip", "nowhere")
    batches[5] = [changed(request, "/ai", ...) for request in batches[5]]
    (folder / "api.usage.v1.jsonl").write_text("".join(json.dumps(batch) + "\n" for batch in batches))
    (folder / "account.payment.v1.jsonl").write_text(json.dumps(STRIPE) + "\n")
    return folder


def land(tmp_path, folder, *more):
    return main(["land", "--lake", str(tmp_path / "lake"), "--files", str(folder), *more])


def test_foreign_records_land_and_every_address_is_somewhere(tmp_path, folder):
    assert land(tmp_path, folder, "--input-format", "kong,stripe") == 0
    assert land(tmp_path, folder, "--input-format", "kong,stripe") == 0  # and once
    lake = Lake.open(tmp_path / "lake")
    usage, rejected = rows(lake, "usage"), rows(lake, "rejected")
    assert len(usage) == 20 * 3 - 1 - 3
    assert len({(row["_offset"], row["event_id"]) for row in usage}) == len(usage)
    lines = (folder / "api.usage.v1.jsonl").read_bytes().splitlines(keepends=True)
    starts = {sum(map(len, lines[:number])) for number in range(len(lines))}
    assert {row["_offset"] for row in usage + rejected} == starts
    assert [(row["reason"], row["path"]) for row in rejected] == [("invalid_ip", "$[1].client_ip"), ("irrelevant", "$")]
    assert [row["outcome"] for row in rows(lake, "payment")] == ["succeeded"]


def test_databases_of_the_settings_file_are_used(tmp_path, folder, monkeypatch):
    monkeypatch.chdir(tmp_path)
    networks = {"198.51.100.0/24": {"autonomous_system_number": 64500}}
    (tmp_path / "asn.mmdb").write_bytes(database(networks, kind="GeoLite2-ASN"))
    (tmp_path / "hydratrace.toml").write_text('input_format = "kong,stripe"\nasn_database = "asn.mmdb"\n')
    assert land(tmp_path, folder) == 0
    assert {row["asn"] for row in rows(Lake.open(tmp_path / "lake"), "usage")} == {64500}


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        (
            "HYDRATRACE_COUNTRY_DATABASE",
            "none.mmdb",
            "cannot read country_database none.mmdb: No such file or directory",
        ),
        ("HYDRATRACE_INPUT_FORMAT", "nginx", "no input format 'nginx'"),
    ],
)
def test_wrong_settings_are_one_line_and_status_2(tmp_path, folder, monkeypatch, capsys, variable, value, said):
    monkeypatch.setenv(variable, value)
    assert land(tmp_path, folder) == 2
    error = capsys.readouterr().err
    assert said in error and error.count("\n") == 1
    assert not (tmp_path / "lake").exists()
