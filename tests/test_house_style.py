"""The rules of the house that no linter knows."""

import ast
import importlib
import re
import subprocess
import tomllib
from collections import defaultdict
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from pipeline.contract.tables import TABLES
from queries.casefile.tables import CASE_TABLES

ROOT = Path(__file__).parents[1]
FLOORS = ("pipeline", "graph", "queries")
MODULES = sorted(path for floor in FLOORS for path in (ROOT / floor).rglob("*.py"))

TOP_LEVEL = {
    *FLOORS,
    *("deploy", "docs", "tests", ".ci"),
    *("README.md", "LICENSE", "NOTICE", "CONTRIBUTING.md", "CHANGELOG.md"),
    *("Makefile", "pyproject.toml", "requirements.txt", "requirements-dev.txt", "requirements-bench.txt", ".gitignore"),
}
GRAB_BAGS = {"util", "utils", "common", "helper", "helpers", "lib", "base", "misc"}
MODULE_LINES = 400
FUNCTION_LINES = 40

# Where somebody fetched packages, and where his checkout lay, are nobody else's business and break elsewhere.
FOREIGN = re.compile(
    r"py[p]i\.org|python[h]osted|repo\d?\.[m]aven|npm[j]s\.org|proxy\.[g]olang|docker\.[i]o/|ghcr\.[i]o"
    r"|(?<![\w.~-])/(?:root|work|home/\w+|Users/\w+|opt/\w+)/|--(?:extra-)?index-url|--find-links"
)


@pytest.fixture(scope="module")
def tracked() -> list[Path]:
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout: what belongs to it is not known")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [path for name in listed.split("\0") if name and (path := ROOT / name).is_file()]


@pytest.mark.parametrize("name", FLOORS)
def test_a_floor_is_imported_from_this_checkout(name: str) -> None:
    assert Path(str(importlib.import_module(name).__file__)) == ROOT / name / "__init__.py"


def test_the_top_level_holds_what_the_architecture_names(tracked: list[Path]) -> None:
    assert {path.relative_to(ROOT).parts[0] for path in tracked} - TOP_LEVEL == set()


def test_no_file_names_a_registry_or_a_machine(tracked: list[Path]) -> None:
    found = []
    for path in tracked:
        text = path.read_bytes().decode("utf-8", "ignore") if path != Path(__file__) else ""
        found += [f"{path.relative_to(ROOT)}: {match[0]}" for match in FOREIGN.finditer(text)]
    assert found == []


@pytest.mark.parametrize(
    "text", ["https://py" + "pi.org/x", "cd /ro" + "ot/x", "/home/" + "me/x", "--index" + "-url=y"]
)
def test_a_registry_or_a_machine_would_be_seen(text: str) -> None:
    assert FOREIGN.search(text)


def test_modules_say_one_thing() -> None:
    sizes = {str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines()) for path in MODULES}
    assert {name: size for name, size in sizes.items() if size > MODULE_LINES} == {}
    assert [path for path in MODULES if path.stem in GRAB_BAGS or path.parent.name in GRAB_BAGS] == []


def test_functions_are_short() -> None:
    long = []
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or 0) - node.lineno + 1
                if lines > FUNCTION_LINES:
                    long.append(f"{path.relative_to(ROOT)}:{node.lineno} {node.name} has {lines} lines")
    assert long == []


def test_one_column_name_is_one_type() -> None:
    types = defaultdict(set)
    for table in (*TABLES, *CASE_TABLES):
        for column in table.columns:
            types[column.name].add(column.type)
    assert {name: found for name, found in types.items() if len(found) > 1} == {}


def test_tests_are_no_packages_and_lie_in_their_owners_folder() -> None:
    assert list((ROOT / "tests").rglob("__init__.py")) == []
    folders = {path.parent.relative_to(ROOT / "tests") for path in (ROOT / "tests").rglob("test_*.py")}
    assert [str(f) for f in folders if f.parts and f.parts[0] in FLOORS and not (ROOT / f).is_dir()] == []


@pytest.mark.parametrize(
    ("lock", "extras"),
    [("requirements.txt", ()), ("requirements-dev.txt", ("dev",)), ("requirements-bench.txt", ("dev", "bench"))],
)
def test_locks_hold_what_the_project_asks_for(lock: str, extras: tuple[str, ...]) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wanted = project["build-system"]["requires"] + project["project"]["dependencies"]
    wanted += [line for extra in extras for line in project["project"]["optional-dependencies"][extra]]
    text = (ROOT / lock).read_text(encoding="utf-8")
    pins = dict(re.findall(r"^(\S+)==(\S+) \\\n    --hash=sha256:", text, re.MULTILINE))
    assert len(pins) == len(re.findall(r"^\w", text, re.MULTILINE)), "every pin has a hash"
    unmet = [line for line in wanted if not _is_met(Requirement(line), pins)]
    assert unmet == [], "run make lock"


def _is_met(requirement: Requirement, pins: dict[str, str]) -> bool:
    name = canonicalize_name(requirement.name)
    return name in pins and pins[name] in requirement.specifier
