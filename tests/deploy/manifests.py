"""What the files of deploy/ hold, as Python values."""

import json
import re
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
COMPOSE = DEPLOY / "compose.yaml"
SMALL = DEPLOY / "compose.small.yaml"
DASHBOARD = DEPLOY / "grafana" / "dashboards" / "hydratrace.json"
ALERTS = DEPLOY / "prometheus" / "alerts.yml"
MANIFESTS = sorted(path for path in (DEPLOY / "kubernetes").glob("*.yaml") if path.name != "kustomization.yaml")
DEFAULT = re.compile(r"\$\{\w+:-([^}]*)\}")


def services() -> dict[str, dict[str, Any]]:
    """The services of compose.yaml, with the defaults of its variables."""
    text = DEFAULT.sub(r"\1", COMPOSE.read_text(encoding="utf-8"))
    found: dict[str, dict[str, Any]] = yaml.safe_load(text)["services"]
    return found


def objects() -> list[dict[str, Any]]:
    """All objects of deploy/kubernetes."""
    return [found for path in MANIFESTS for found in yaml.safe_load_all(path.read_text(encoding="utf-8"))]


def one(kind: str, name: str) -> dict[str, Any]:
    """The object of that kind and name."""
    (found,) = [each for each in objects() if each["kind"] == kind and each["metadata"]["name"] == name]
    return found


def pods() -> dict[str, dict[str, Any]]:
    """Component → pod template: those of Deployments, and Flink's as its operator merges them."""
    found = {each["metadata"]["name"]: each["spec"]["template"] for each in objects() if each["kind"] == "Deployment"}
    flink = one("FlinkDeployment", "flink")["spec"]
    for manager in ("jobManager", "taskManager"):
        found[manager.lower()] = merged(flink["podTemplate"], flink[manager]["podTemplate"])
    return found


def merged(below: Any, above: Any) -> Any:
    """Objects by their fields, lists of named things by name; else what is above."""
    if isinstance(below, dict) and isinstance(above, dict):
        return {**below, **{key: merged(below[key], value) if key in below else value for key, value in above.items()}}
    if isinstance(below, list) and isinstance(above, list):
        names = {each["name"]: each for each in below}
        return list({**names, **{each["name"]: merged(names.get(each["name"]), each) for each in above}}.values())
    return above


def rules(path: Path = ALERTS) -> list[dict[str, Any]]:
    """The alert rules."""
    groups = yaml.safe_load(path.read_text(encoding="utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def dashboard_queries() -> list[str]:
    """Every expression that the dashboard asks Prometheus for."""
    board = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    shown = [target["expr"] for panel in board["panels"] for target in panel.get("targets", ())]
    return shown + [each["definition"] for each in board["templating"]["list"] if "definition" in each]
