"""Landing from a broker that speaks TLS only and asks for a password."""

import datetime
import ipaddress
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from pipeline.errors import UnreachableError
from pipeline.sources.kafka import Kafka
from tests.integration.kafka.broker import Broker
from tests.integration.kafka.jars import resolve
from tests.integration.kafka.topics import create_topic, produce
from tests.pipeline.landed import job

pytestmark = pytest.mark.kafka

LOGIN = "org.apache.kafka.common.security.plain.PlainLoginModule required"
SECURE = """
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SECURE:SASL_SSL
listener.name.secure.ssl.keystore.type=PEM
listener.name.secure.ssl.keystore.location={keystore}
listener.name.secure.sasl.enabled.mechanisms=PLAIN
listener.name.secure.plain.sasl.jaas.config={login} user_hydratrace="not-for-the-log";
"""


@pytest.fixture(scope="module")
def secure_broker(tmp_path_factory):
    folder = tmp_path_factory.mktemp("secure")
    keystore = folder / "broker.pem"
    _certificate(keystore, folder / "ca.pem")
    broker = Broker(folder, resolve(), SECURE.format(keystore=keystore, login=LOGIN))
    broker.start()
    create_topic(broker.bootstrap_servers, "secure.action")
    produce(broker.bootstrap_servers, "secure.action", [(b"a", None)])
    yield broker
    broker.kill()


@pytest.mark.parametrize("fetcher", ["kafka-python", "confluent"])
def test_lands_over_tls_with_a_password_from_a_file(secure_broker, tmp_path, fetcher):
    source = _source(secure_broker, tmp_path, "not-for-the-log", fetcher)
    try:
        assert job(tmp_path / "lake", source).tick().rejected == 1
    finally:
        source.close()


def test_a_wrong_password_is_told_without_it(secure_broker, tmp_path, monkeypatch):
    monkeypatch.setattr("pipeline.sources.kafka.CALL_TIMEOUT_MS", 2000)  # the client tries again until then
    source = _source(secure_broker, tmp_path, "a-wrong-secret", "kafka-python")
    with pytest.raises(UnreachableError) as refused:
        job(tmp_path / "lake", source).tick()
    assert "a-wrong-secret" not in str(refused.value)


def _source(broker: Broker, folder: Path, password: str, fetcher: str) -> Kafka:
    secret = folder / "password"
    secret.write_text(password + "\n")
    client = {
        "security.protocol": "SASL_SSL",
        "ssl.truststore.location": str(broker.folder / "ca.pem"),
        "sasl.mechanism": "PLAIN",
        "sasl.username": "hydratrace",
        "sasl.password.file": str(secret),
    }
    servers = f"127.0.0.1:{broker.secure_port}"
    return Kafka(servers, {"action": "secure.action"}, client, fetcher, 1000, 1000, 2**20)


def _certificate(keystore: Path, authority: Path) -> None:
    """Write a self-signed certificate of 127.0.0.1, with its key for the broker and without for its clients."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "broker")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate = made.public_bytes(serialization.Encoding.PEM)
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    authority.write_bytes(certificate)
    keystore.write_bytes(secret + certificate)
