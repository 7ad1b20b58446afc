"""The broker's jars."""

from pathlib import Path

from tests.integration.maven import CACHE, Jars

JARS = Jars(Path(__file__).with_name("pom.xml"), CACHE / "kafka")
missing, resolve = JARS.missing, JARS.resolve
