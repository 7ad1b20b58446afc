import pytest

from pipeline.alerts.faults import together
from pipeline.alerts.hooks import build_receivers
from pipeline.errors import UsageError
from pipeline.settings import Hook, Settings


def test_what_every_part_makes_comes_in_order():
    assert together(lambda: 1, lambda: "two") == [1, "two"]


@pytest.mark.parametrize("kind", ["webhook", "pagerduty", "ocsf", "stix"])
def test_all_that_is_wrong_with_one_hook_is_told_at_once(tmp_path, kind):
    for name, content in (("url", "http://example.com/t0psecret"), ("secret", "short"), ("ca", "none")):
        (tmp_path / name).write_text(content)
    hook = Hook(
        name="h",
        type=kind,
        url_file=str(tmp_path / "url"),
        secret_file=str(tmp_path / "secret"),
        ca_file=str(tmp_path / "ca"),
    )
    with pytest.raises(UsageError) as error:
        build_receivers(Settings(hooks=[hook, Hook(name="other", type="jsonl")]))
    said = str(error.value)
    assert "is http" in said
    assert "malformed" in said
    assert f"cannot read ca_file {tmp_path}/ca" in said
    assert "hook other (jsonl) has no path" in said
    assert "t0psecret" not in said


def test_a_webhook_without_anything_is_told_of_both_files():
    with pytest.raises(UsageError, match=r"has no url_file; .*has no secret_file"):
        build_receivers(Settings(hooks=[Hook(name="h", type="webhook")]))
