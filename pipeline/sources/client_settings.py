"""Kafka client settings by Kafka's own names, translated for the clients we use; secrets come from files."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pipeline.errors import UsageError


def _read_secret(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise UsageError(f"cannot read the secret file {path}") from None


def _same(value: str) -> str:
    return value


# Kafka's name → (kafka-python's, librdkafka's, how the value is read). PEM files only: one file each for the trusted
# certificates, our certificate and its key.
NAMES: Mapping[str, tuple[str, str, Callable[[str], str]]] = {
    "client.id": ("client_id", "client.id", _same),
    "security.protocol": ("security_protocol", "security.protocol", _same),
    "ssl.truststore.location": ("ssl_cafile", "ssl.ca.location", _same),
    "ssl.keystore.certificate.location": ("ssl_certfile", "ssl.certificate.location", _same),
    "ssl.keystore.key.location": ("ssl_keyfile", "ssl.key.location", _same),
    "ssl.key.password.file": ("ssl_password", "ssl.key.password", _read_secret),
    "sasl.mechanism": ("sasl_mechanism", "sasl.mechanism", _same),
    "sasl.username": ("sasl_plain_username", "sasl.username", _same),
    "sasl.password.file": ("sasl_plain_password", "sasl.password", _read_secret),
}


GROUP = "group.id"  # not a client's: the group that our positions are told to, for lag dashboards


def check(kafka: Mapping[str, str]) -> None:
    """Raise UsageError naming every setting that is unknown or would put a secret into the settings."""
    wrong = [name for name in kafka if name not in NAMES and name != GROUP]
    if wrong:
        raise UsageError(
            f"unknown Kafka settings: {', '.join(sorted(wrong))}",
            expected=", ".join((*NAMES, GROUP)),
            remedy="secrets are named by file (sasl.password.file, ssl.key.password.file)",
        )


def for_kafka_python(kafka: Mapping[str, str]) -> dict[str, Any]:
    """Keyword arguments of kafka-python's clients."""
    return {NAMES[name][0]: NAMES[name][2](value) for name, value in kafka.items() if name in NAMES}


def for_librdkafka(kafka: Mapping[str, str]) -> dict[str, Any]:
    """Configuration of confluent-kafka's clients."""
    return {NAMES[name][1]: NAMES[name][2](value) for name, value in kafka.items() if name in NAMES}
