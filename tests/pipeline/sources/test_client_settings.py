import pytest

from pipeline.errors import UsageError
from pipeline.sources.client_settings import check, for_kafka_python, for_librdkafka


def test_kafkas_names_become_each_clients_and_secrets_come_from_files(tmp_path):
    secret = tmp_path / "password"
    secret.write_text("hunter2\n")
    kafka = {
        "security.protocol": "SASL_SSL",
        "ssl.truststore.location": "ca.pem",
        "sasl.mechanism": "SCRAM-SHA-512",
        "sasl.username": "hydratrace",
        "sasl.password.file": str(secret),
    }
    check(kafka)
    assert for_kafka_python(kafka) == {
        "security_protocol": "SASL_SSL",
        "ssl_cafile": "ca.pem",
        "sasl_mechanism": "SCRAM-SHA-512",
        "sasl_plain_username": "hydratrace",
        "sasl_plain_password": "hunter2",
    }
    assert for_librdkafka(kafka) == {
        "security.protocol": "SASL_SSL",
        "ssl.ca.location": "ca.pem",
        "sasl.mechanism": "SCRAM-SHA-512",
        "sasl.username": "hydratrace",
        "sasl.password": "hunter2",
    }


def test_a_secret_among_the_settings_is_refused_and_not_repeated():
    with pytest.raises(UsageError, match=r"unknown Kafka settings: sasl\.password, zap; expected .*") as caught:
        check({"sasl.password": "hunter2", "zap": "1", "client.id": "x"})
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("content", [None, b"\xff"])
def test_a_secret_file_that_cannot_be_read_is_named(tmp_path, content):
    path = tmp_path / "password"
    if content:
        path.write_bytes(content)
    with pytest.raises(UsageError, match=r"cannot read the secret file .*password"):
        for_librdkafka({"sasl.password.file": str(path)})
