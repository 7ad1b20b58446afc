"""The jars of Flink and of Beam's job server."""

from pathlib import Path

from tests.integration.maven import CACHE, Jars

JARS = Jars(Path(__file__).with_name("pom.xml"), CACHE / "flink" / "jars")
missing, resolve = JARS.missing, JARS.resolve
