"""Jars of a pom.xml: what is missing to get them, and where they lie once Maven has resolved them."""

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

CACHE = Path(__file__).parents[2] / ".cache"
JAVA_VERSION = re.compile(r'version "(\d+)')
OLDEST_JAVA = 17  # Kafka 4 brokers need it


@dataclass(frozen=True)
class Jars:
    """The jars that `pom` names; they are kept below `cache`, by the pom's content."""

    pom: Path
    cache: Path

    def missing(self) -> str:
        """What this machine lacks to run them; empty if nothing."""
        lacks = []
        if java_version() < OLDEST_JAVA:
            lacks.append(f"java {OLDEST_JAVA}+ on PATH")
        if not self._folder().is_dir() and shutil.which("mvn") is None:
            lacks.append("mvn on PATH")
        return " and ".join(lacks)

    def resolve(self) -> Path:
        """Folder of the jars, resolved by Maven the first time. Raises RuntimeError with Maven's words."""
        folder = self._folder()
        if folder.is_dir():
            return folder
        self.cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self.cache) as scratch:
            made = Path(scratch) / "jars"
            command = ["mvn", "--quiet", "--batch-mode", f"--file={self.pom}", "dependency:copy-dependencies"]
            ran = subprocess.run(
                [*command, f"-DoutputDirectory={made}"], capture_output=True, text=True, check=False, env=_quiet()
            )
            if ran.returncode:
                raise RuntimeError(f"Maven could not resolve {self.pom}:\n{ran.stdout}{ran.stderr}")
            try:
                made.rename(folder)
            except OSError:
                assert folder.is_dir(), "another run resolved them meanwhile"
        return folder

    def _folder(self) -> Path:
        return self.cache / hashlib.sha256(self.pom.read_bytes()).hexdigest()[:16]


def java_version() -> int:
    """Feature version of the java on PATH; 0 if there is none or it does not run."""
    if shutil.which("java") is None:
        return 0
    told = subprocess.run(["java", "-version"], capture_output=True, text=True, check=False)
    found = JAVA_VERSION.search(told.stderr)
    return int(found[1]) if found else 0


def _quiet() -> dict[str, str]:
    return {**os.environ, "MAVEN_ARGS": "", "NO_COLOR": "1"}
