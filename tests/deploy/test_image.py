"""The image is made of what the repository has, and of nothing else."""

import re
import tomllib

from packaging.requirements import Requirement

from tests.deploy.manifests import DEPLOY, ROOT

LINES = (DEPLOY / "Dockerfile").read_text(encoding="utf-8").splitlines()
COPIED = [word for line in LINES if line.startswith("COPY ") and "--from" not in line for word in line.split()[1:-1]]


def test_what_is_copied_is_there_and_is_sent_to_the_builder() -> None:
    ignored = (DEPLOY / "Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines()
    allowed = {line.removeprefix("!") for line in ignored if line.startswith("!")}
    assert "*" in ignored
    assert set(COPIED) == allowed
    assert all((ROOT / name).exists() for name in COPIED)


def test_all_that_the_wheel_needs_is_copied() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    packages = project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    assert {*packages, project["project"]["readme"], *project["project"]["license-files"]} <= set(COPIED)


def test_requirements_are_installed_by_their_hashes() -> None:
    assert "RUN pip install --require-hashes --requirement requirements.txt --requirement extras.txt" in LINES


def test_the_extras_are_locked_as_the_tests_have_them() -> None:
    extras = pins((DEPLOY / "extras.txt").read_text(encoding="utf-8"))
    tested = pins((ROOT / "requirements-dev.txt").read_text(encoding="utf-8"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [Requirement(each).name for name in ("fast", "geo") for each in project["optional-dependencies"][name]]
    assert sorted(extras) == sorted(wanted)
    assert all(tested[name] == pin for name, pin in extras.items())


def pins(text: str) -> dict[str, str]:
    """Name → its version and hashes."""
    found = re.findall(r"^([\w.-]+)(==[^\n]*(?:\n    --hash=[^\n]*)*)", text, re.MULTILINE)
    return dict(found)


def test_it_does_not_run_as_root() -> None:
    users = [line for line in LINES if line.startswith("USER ")]
    assert users == ["USER 10001:10001"]
    assert LINES.index(users[0]) > max(i for i, line in enumerate(LINES) if line.startswith("RUN "))


def test_both_stages_have_one_python() -> None:
    bases = re.findall(r"^FROM (\S+)", "\n".join(LINES), re.MULTILINE)
    assert len(bases) == 2
    assert len(set(bases)) == 1
