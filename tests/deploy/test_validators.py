"""Every file of deploy/ passes the strictest validator to be had without a network, and the validators can refuse."""

import shutil
from pathlib import Path

import pytest
import yaml

from tests.deploy.manifests import ALERTS, COMPOSE, DASHBOARD, DEPLOY, MANIFESTS, SMALL, objects
from tests.deploy.validators import Built

pytestmark = pytest.mark.deploy

PROMETHEUS = DEPLOY / "prometheus"


def broken(file: Path, folder: Path, before: str, after: str) -> Path:
    """A copy of `file` in which `before`, which must be there, is `after`."""
    text = file.read_text(encoding="utf-8")
    assert before in text
    copy = folder / file.name
    copy.write_text(text.replace(before, after, 1), encoding="utf-8")
    return copy


@pytest.mark.parametrize(
    ("kind", "file"), [("compose", COMPOSE), ("dockerfile", DEPLOY / "Dockerfile"), ("dashboard", DASHBOARD)]
)
def test_files_of_containers_are_right(built: Built, kind: str, file: Path) -> None:
    assert built.container_file(kind, file) == ""


def test_compose_without_flink_is_right(built: Built, tmp_path: Path) -> None:
    assert built.container_file("compose", COMPOSE, SMALL) == ""
    wrong = broken(SMALL, tmp_path, "topics: {", "subjects: {")
    assert "subjects" in built.container_file("compose", COMPOSE, wrong)


@pytest.mark.parametrize(
    ("kind", "file", "before", "after", "said"),
    [
        ("compose", COMPOSE, "healthcheck:", "healthchek:", "healthchek"),
        ("compose", COMPOSE, "service:task-host", "service:nobody", "nobody"),
        ("compose", COMPOSE, "condition: service_healthy", "condition: service_well", "must be one of"),
        ("compose", COMPOSE, '"lake:/lake"', '"leak:/lake"', "undefined volume"),
        ("compose", COMPOSE, "${TASK_SLOTS:-2}", "${TASK_SLOTS}", "TASK_SLOTS"),
        ("dockerfile", DEPLOY / "Dockerfile", "COPY pipeline", "COPPY pipeline", "unknown instruction"),
        ("dockerfile", DEPLOY / "Dockerfile", "WORKDIR /scratch", "WORKDIR scratch", "WorkdirRelativePath"),
        ("dockerfile", DEPLOY / "Dockerfile", "$PATH PIP", "$PAHT PIP", "UndefinedVar"),
        ("dockerfile", DEPLOY / "Dockerfile", '["hydratrace"]', "hydratrace", "JSONArgsRecommended"),
        ("dashboard", DASHBOARD, '"gridPos"', '"gridPoss"', "gridPoss"),
        ("dashboard", DASHBOARD, '"schemaVersion": 39', '"schemaVersion": "new"', "schemaVersion"),
    ],
)
def test_a_broken_one_is_refused(
    built: Built, tmp_path: Path, kind: str, file: Path, before: str, after: str, said: str
) -> None:
    assert said in built.container_file(kind, broken(file, tmp_path, before, after))


def test_prometheus_takes_its_settings_and_rules(built: Built) -> None:
    assert built.prometheus("check", "config", "--lint=all", "--lint-fatal", PROMETHEUS / "prometheus.yml") == ""
    assert built.prometheus("check", "rules", "--lint=all", "--lint-fatal", ALERTS) == ""


@pytest.mark.parametrize(
    ("file", "before", "after", "said"),
    [
        ("prometheus.yml", "scrape_interval", "scrape_intervall", "scrape_intervall"),
        ("prometheus.yml", "[alerts.yml]", "[alarms.yml]", "alarms.yml"),
        ("alerts.yml", "hydratrace_healthy == 0", "hydratrace_healthy == ", "parse"),
        ("alerts.yml", "for: 3m", "for: soon", "soon"),
    ],
)
def test_prometheus_refuses_a_broken_one(
    built: Built, tmp_path: Path, file: str, before: str, after: str, said: str
) -> None:
    shutil.copytree(PROMETHEUS, tmp_path, dirs_exist_ok=True)
    broken(PROMETHEUS / file, tmp_path, before, after)
    assert said in built.prometheus("check", "config", tmp_path / "prometheus.yml")


def test_alerts_fire_when_they_should(built: Built) -> None:
    assert built.prometheus("test", "rules", PROMETHEUS / "alerts_test.yml") == ""


def test_an_alert_that_fires_at_another_time_is_noticed(built: Built, tmp_path: Path) -> None:
    shutil.copytree(PROMETHEUS, tmp_path, dirs_exist_ok=True)
    broken(ALERTS, tmp_path, "[10m]) > 0", "[10m]) > 5000")
    assert "HydratraceNothingLands" in built.prometheus("test", "rules", tmp_path / "alerts_test.yml")


@pytest.mark.parametrize("file", MANIFESTS, ids=lambda file: file.name)
def test_kubernetes_takes_a_manifest(built: Built, file: Path) -> None:
    assert built.kubernetes(file) == ""


def test_what_kustomize_makes_of_the_manifests_is_right(built: Built, tmp_path: Path) -> None:
    rendered = tmp_path / "rendered.yaml"
    assert built.kustomize(DEPLOY / "kubernetes", rendered) == ""
    assert built.kubernetes(rendered) == ""
    found = list(yaml.safe_load_all(rendered.read_text(encoding="utf-8")))
    assert len(found) == len(objects()) + 2  # the settings and the dashboard
    assert {each["metadata"].get("namespace", "hydratrace") for each in found} == {"hydratrace"}


def test_the_image_of_the_workers_is_changed_too(built: Built, tmp_path: Path) -> None:
    copy = shutil.copytree(DEPLOY, tmp_path / "deploy")
    broken(
        DEPLOY / "kubernetes" / "kustomization.yaml",
        copy / "kubernetes",
        "# images:\n#   - name: hydratrace\n#     newName: registry.example/hydratrace\n#     digest: sha256:…\n",
        "images: [{ name: hydratrace, newName: registry.example/ours }]\n",
    )
    assert built.kustomize(copy / "kubernetes", tmp_path / "rendered.yaml") == ""
    text = (tmp_path / "rendered.yaml").read_text(encoding="utf-8")
    assert text.count("image: registry.example/ours:") == 2
    assert "image: hydratrace:" not in text


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [("- lake.yaml", "- sea.yaml", "sea.yaml"), ("configMapGenerator", "configMapsGenerator", "configMapsGenerator")],
)
def test_kustomize_refuses_a_broken_one(built: Built, tmp_path: Path, before: str, after: str, said: str) -> None:
    copy = shutil.copytree(DEPLOY, tmp_path / "deploy")
    broken(DEPLOY / "kubernetes" / "kustomization.yaml", copy / "kubernetes", before, after)
    assert said in built.kustomize(copy / "kubernetes", tmp_path / "rendered.yaml")


@pytest.mark.parametrize(
    ("file", "before", "after", "said"),
    [
        ("hydratrace.yaml", "replicas: 1", "replicas: one", "replicas"),
        ("hydratrace.yaml", "readOnlyRootFilesystem", "readOnlyRootFileSystem", "readOnlyRootFileSystem"),
        ("network.yaml", "policyTypes: [Ingress, Egress]", "policyType: [Ingress]", "policyType"),
        ("flink.yaml", "flinkVersion: v1_19", "flinkVersion: v9_19", "flinkVersion"),
        ("flink.yaml", "taskManager:", "taskManagers:", "taskManagers"),
        ("monitoring.yaml", "interval: 15s", "interval: often", "interval"),
        ("monitoring.yaml", "expr:", "expression:", "expr"),
    ],
)
def test_kubernetes_refuses_a_broken_one(
    built: Built, tmp_path: Path, file: str, before: str, after: str, said: str
) -> None:
    assert said in built.kubernetes(broken(DEPLOY / "kubernetes" / file, tmp_path, before, after))
