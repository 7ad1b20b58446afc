import pytest

from pipeline.formats.mapping import json_path, keys, look_up

CONTENT = {"a/b": {"~": [1, {"c": 2}]}, "list": ["x"], "text": "abc"}


@pytest.mark.parametrize(
    ("pointer", "found"),
    [
        ("", CONTENT),
        ("/a~1b/~0/1/c", 2),
        ("/list/0", "x"),
        ("/list/1", None),
        ("/list/-1", None),
        ("/list/²", None),
        ("/list/" + "9" * 5000, None),
        ("/text/0", None),
        ("/none/at/all", None),
    ],
)
def test_a_pointer_finds_its_value_or_none(pointer, found):
    assert look_up(CONTENT, keys(pointer)) == found


def test_a_pointer_begins_with_a_slash():
    with pytest.raises(ValueError, match=r"^a\.b$"):
        keys("a.b")


def test_a_pointer_as_a_json_path():
    assert json_path("/data/charges/0/user.id") == ".data.charges[0]['user.id']"
    assert json_path("") == ""
