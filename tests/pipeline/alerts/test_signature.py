import base64
from datetime import UTC, datetime

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from pipeline.alerts.signature import secrets, signed_headers
from pipeline.errors import UsageError
from pipeline.settings import Hook

NEW, OLD = ("whsec_" + base64.b64encode(bytes([n]) * 32).decode() for n in (1, 2))


def hook(tmp_path, text):
    (tmp_path / "secret").write_text(text)
    return Hook(name="h", type="webhook", secret_file=str(tmp_path / "secret"))


def test_the_reference_library_accepts_the_signature_of_each_secret_and_no_other(tmp_path):
    keys = secrets(hook(tmp_path, f"{NEW}\n{OLD}\n"))
    headers = signed_headers(keys, "id-1", datetime.now(UTC), b'{"a": "\xc3\xa9"}')
    for secret in (NEW, OLD):
        assert Webhook(secret).verify(b'{"a": "\xc3\xa9"}', headers) == {"a": "é"}
    with pytest.raises(WebhookVerificationError):
        Webhook(NEW).verify(b'{"a": "e"}', headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(base64.b64encode(b"3" * 32).decode()).verify(b"{}", headers)


@pytest.mark.parametrize(
    "secret", ["hunter2", "whsec_", "whsec_!!!", NEW.removeprefix("whsec_"), "whsec_" + "QUJD" * 40]
)
def test_malformed_secrets_are_refused_and_not_repeated(tmp_path, secret):
    with pytest.raises(UsageError, match="malformed") as error:
        secrets(hook(tmp_path, f"{NEW}\n{secret}\n"))
    assert secret not in str(error.value).replace("whsec_ and the base64", "")


def test_missing_files_are_named(tmp_path):
    with pytest.raises(UsageError, match=r"secret_file .*nowhere"):
        secrets(Hook(name="h", type="webhook", secret_file=str(tmp_path / "nowhere")))
    with pytest.raises(UsageError, match="has no secret_file"):
        secrets(Hook(name="h", type="webhook"))
    with pytest.raises(UsageError, match="is empty"):
        secrets(hook(tmp_path, "\n \n"))
