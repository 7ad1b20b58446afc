"""compose.yaml fits hydratrace: topics, commands, settings, volumes, and nothing open to others."""

import re
import shlex
import tomllib
from importlib.util import find_spec

import pytest
import yaml

from pipeline.contract.events import TOPICS
from pipeline.landing.flink_options import check_job, flink_options
from pipeline.settings import load
from queries.cli import build_parser
from tests.deploy.manifests import DEPLOY, ROOT, SMALL, services

SERVICES = services()
PINNED = re.compile(r"[\w./-]+:v?\d+\.\d+(\.\d+)?[\w.-]*")


@pytest.mark.parametrize("name", SERVICES)
def test_an_image_is_pinned(name: str) -> None:
    assert PINNED.fullmatch(SERVICES[name]["image"])


@pytest.mark.parametrize("name", SERVICES)
def test_nothing_answers_to_other_machines(name: str) -> None:
    assert all(port.startswith("127.0.0.1:") for port in SERVICES[name].get("ports", ()))


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_has_no_more_rights_than_it_needs(name: str) -> None:
    service = SERVICES[name]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not {"privileged", "pid", "ipc", "devices"} & service.keys()
    assert name == "owner" or "cap_add" not in service


def test_our_image_is_of_this_version() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    ours = {service["image"] for service in SERVICES.values() if "build" in service}
    assert ours == {f"hydratrace:{version}"}


def test_the_topics_of_the_contract_are_made() -> None:
    (script,) = SERVICES["topics"]["command"]
    listed = re.search(r"for topic in ([\w. -]+);", script)
    assert listed
    assert listed[1].split() == [topic.name for topic in TOPICS]


def test_run_understands_its_command() -> None:
    parsed = build_parser().parse_args(SERVICES["hydratrace"]["command"])
    assert parsed.command.name == "run"
    check_job(load({}, {}, DEPLOY / "hydratrace.toml"), parsed.beam, follow=True)
    options = flink_options(parsed.beam, "name")
    endpoints = dict(option.removeprefix("--").split("=") for option in options if ":" in option)
    for option, service in (("job_endpoint", "jobserver"), ("artifact_endpoint", "jobserver")):
        assert endpoints[option].partition(":")[0] == service
    assert endpoints["flink_master"] == "jobmanager:8081"


def test_the_pool_of_workers_is_where_the_job_looks_for_it() -> None:
    options = SERVICES["hydratrace"]["command"]
    (port,) = [each.rpartition(":")[2] for each in options if each.startswith("--environment_config=localhost:")]
    assert SERVICES["worker"]["command"] == [f"--service_port={port}"]
    # Beam's task manager hands out addresses at localhost.
    assert SERVICES["worker"]["network_mode"] == SERVICES["taskmanager"]["network_mode"] == "service:task-host"


def test_the_pool_of_workers_is_beams() -> None:
    module = SERVICES["worker"]["entrypoint"][-1]
    assert find_spec(module)


def test_without_flink_nothing_of_it_starts_and_run_is_told_nothing_of_it() -> None:
    over = yaml.load(SMALL.read_text(encoding="utf-8"), Overriding)["services"]
    away = {name for name, service in over.items() if service.get("profiles") == ["flink"]}
    assert away == {"jobmanager", "task-host", "taskmanager", "worker", "jobserver"}
    for name in SERVICES.keys() - away:
        assert not away & (SERVICES[name] | over.get(name, {})).get("depends_on", {}).keys(), name
    assert build_parser().parse_args(over["hydratrace"]["command"]).beam == []


class Overriding(yaml.SafeLoader):
    """Reads compose's `!override`."""


Overriding.add_constructor("!override", lambda loader, node: getattr(loader, f"construct_{node.id}")(node, deep=True))


def test_simulate_understands_its_command() -> None:
    parsed = build_parser().parse_args(SERVICES["simulate"]["command"])
    assert parsed.bootstrap_servers == "kafka:9092"


@pytest.mark.parametrize("file", ["hydratrace.toml", "kubernetes/hydratrace.toml"])
def test_settings_are_ours(file: str) -> None:
    settings = load({}, {}, DEPLOY / file)
    assert settings.lake == "/lake"
    assert settings.listen.startswith("0.0.0.0:")


@pytest.mark.parametrize("file", ["hydratrace.toml", "kubernetes/hydratrace.toml"])
def test_settings_that_are_shown_as_comments_are_ours(file: str, tmp_path) -> None:
    shown = re.sub(r"^# (?=[\[\w].*(?:=|\]))", "", (DEPLOY / file).read_text(encoding="utf-8"), flags=re.MULTILINE)
    (tmp_path / "hydratrace.toml").write_text(shown, encoding="utf-8")
    assert [hook.name for hook in load({}, {}, tmp_path / "hydratrace.toml").hooks] == ["trust-and-safety"]


@pytest.mark.parametrize("name", ["hydratrace", "worker"])
def test_who_lands_sees_lake_key_and_settings_at_the_same_place(name: str) -> None:
    mounts = {volume.split(":")[0]: volume.split(":")[1] for volume in SERVICES[name]["volumes"]}
    settings = load({}, {}, DEPLOY / "hydratrace.toml")
    assert mounts["lake"] == settings.lake
    assert settings.key_file.startswith(mounts["key"] + "/")
    assert mounts["./hydratrace.toml"] in shlex.join(SERVICES["hydratrace"]["command"])


def test_only_who_makes_the_key_may_write_it() -> None:
    writers = {name for name, service in SERVICES.items() if "key:/key" in service.get("volumes", ())}
    assert writers == {"hydratrace", "owner"}


def test_who_writes_volumes_owns_them_before() -> None:
    (script,) = SERVICES["owner"]["command"]
    for owner, users in (("9999", ("jobmanager", "taskmanager")), ("10001", ("hydratrace", "worker"))):
        (given,) = [words.split() for words in script.split("; ") if words.startswith(f"chown {owner}:{owner} ")]
        written = {
            volume.split(":")[1] for user in users for volume in SERVICES[user]["volumes"] if not volume.endswith(":ro")
        }
        assert written == set(given[2:])
        assert all(waits_for("owner", user) for user in users)


def waits_for(what: str, who: str) -> bool:
    needs = SERVICES[who].get("depends_on", {})
    return what in needs or any(waits_for(what, each) for each in needs)


def test_run_is_given_the_time_that_it_takes_to_end() -> None:
    from queries.service.service import END_SECONDS

    assert float(SERVICES["hydratrace"]["stop_grace_period"].removesuffix("s")) > END_SECONDS
