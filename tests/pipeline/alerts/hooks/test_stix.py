import json

from pipeline.alerts.hooks import stix
from pipeline.settings import Hook, Settings


def objects(message):
    made = json.loads(stix.render(message))["objects"]
    return {kind: [o for o in made if o["type"] == kind] for kind in ("identity", "grouping", "user-account")}


def test_accounts_have_the_ids_that_the_standard_prescribes(message):
    accounts = objects(message(members=("acct_1", 'é"\\')))["user-account"]
    # As python-stix2 3.0.2 makes them.
    assert [a["id"] for a in accounts] == [
        "user-account--c059e8a6-5245-5041-8eeb-3a161bbb421f",
        "user-account--564364df-c4ca-5c89-a25b-9f9ff081dec9",
    ]


def test_a_grouping_is_one_object_in_newer_and_newer_versions(message):
    (first,), (later,) = objects(message())["grouping"], objects(message("grew"))["grouping"]
    assert first["id"] == later["id"]
    assert first["created"] == later["created"] == "2026-05-31T04:05:06.789Z"
    assert later["modified"] == "2026-06-03T04:05:06.789Z"
    assert later["context"] == "suspicious-activity"


def test_every_reference_is_in_the_bundle_and_marked(message):
    made = objects(message())
    (grouping,), (identity,) = made["grouping"], made["identity"]
    assert grouping["object_refs"] == [account["id"] for account in made["user-account"]]
    assert grouping["created_by_ref"] == identity["id"]
    marked = [grouping, *made["user-account"]]
    assert {ref for o in marked for ref in o["object_marking_refs"]} == {stix.TLP_AMBER}


def test_both_sides_are_described(message):
    (grouping,) = objects(message())["grouping"]
    assert grouping["description"] == (
        "For: one card pays for 3 accounts. Against: no proxy in common. "
        "Next: hydratrace query cluster_members --param cluster=c1"
    )


def test_a_file_an_alert_whole_and_once(message, tmp_path):
    made = stix.build(Hook(name="s", type="stix", path=str(tmp_path / "new" / "folder")), Settings())
    for _ in range(2):
        assert made.deliver(message()).kind == "delivered"
    (path,) = (tmp_path / "new" / "folder").iterdir()
    assert path.name == message().alert_uid + ".json"
    assert json.loads(path.read_text())["type"] == "bundle"


def test_a_folder_that_cannot_be_written_is_tried_again(message, tmp_path):
    (tmp_path / "file").write_text("")
    made = stix.build(Hook(name="s", type="stix", path=str(tmp_path / "file" / "folder")), Settings())
    assert made.deliver(message()).detail == "cannot write the bundle: Not a directory"
