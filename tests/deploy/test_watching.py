"""Dashboards and alert rules ask only for metrics and labels that `hydratrace run` has, and the page explains them."""

import re

import pytest
import yaml

from pipeline.settings import load
from queries.service.metrics import METRICS
from tests.deploy.manifests import DASHBOARD, DEPLOY, dashboard_queries, one, rules, services

LABELS = {metric.name: {*metric.labels, "job", "instance"} for metric in METRICS}
NAME = re.compile(r"\bhydratrace_[a-z_]+(?:\{([^}]*)\})?")
MATCHER = re.compile(r"(\w+)\s*(?:=~|!~|!=|=)")
RULES = [(rule["alert"], rule["expr"]) for rule in rules()]


def strange(expression: str) -> list[str]:
    """What the expression names and no metric of ours has."""
    found = []
    for each in NAME.finditer(expression):
        name = each[0].partition("{")[0]
        if name not in LABELS:
            found.append(name)
        else:
            found += [f"{name}: {label}" for label in MATCHER.findall(each[1] or "") if label not in LABELS[name]]
    return found


@pytest.mark.parametrize("expression", dashboard_queries())
def test_a_panel_shows_what_there_is(expression: str) -> None:
    assert "hydratrace_" in expression
    assert strange(expression) == []


@pytest.mark.parametrize(("alert", "expression"), RULES, ids=[name for name, _ in RULES])
def test_an_alert_watches_what_there_is(alert: str, expression: str) -> None:
    assert alert.startswith("Hydratrace")
    assert "hydratrace_" in expression or 'up{job="hydratrace"}' in expression
    assert strange(expression) == []


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ("rate(hydratrace_landed_event_total[5m])", ["hydratrace_landed_event_total"]),
        ('hydratrace_gaps{table="usage"} > 0', ["hydratrace_gaps: table"]),
    ],
)
def test_what_there_is_not_is_noticed(expression: str, found: list[str]) -> None:
    assert strange(expression) == found


def test_every_metric_is_on_the_dashboard() -> None:
    shown = {each[0].partition("{")[0] for query in dashboard_queries() for each in NAME.finditer(query)}
    assert shown == LABELS.keys()


def test_grafana_finds_the_dashboard_and_prometheus() -> None:
    with (DEPLOY / "grafana" / "provisioning" / "dashboards" / "hydratrace.yml").open(encoding="utf-8") as file:
        (provider,) = yaml.safe_load(file)["providers"]
    with (DEPLOY / "grafana" / "provisioning" / "datasources" / "prometheus.yml").open(encoding="utf-8") as file:
        (source,) = yaml.safe_load(file)["datasources"]
    mounts = dict(volume.split(":")[:2] for volume in services()["grafana"]["volumes"])
    assert mounts["./grafana/dashboards"] == provider["options"]["path"]
    assert source["url"] == "http://prometheus:9090"
    assert '"value": "prometheus"' in DASHBOARD.read_text(encoding="utf-8")
    assert source["uid"] == "prometheus"


def test_prometheus_asks_where_hydratrace_answers() -> None:
    with (DEPLOY / "prometheus" / "prometheus.yml").open(encoding="utf-8") as file:
        jobs = {job["job_name"]: job["static_configs"][0]["targets"] for job in yaml.safe_load(file)["scrape_configs"]}
    port = load({}, {}, DEPLOY / "hydratrace.toml").listen.rpartition(":")[2]
    assert jobs["hydratrace"] == [f"hydratrace:{port}"]


def test_kubernetes_has_the_same_rules() -> None:
    with (DEPLOY / "prometheus" / "alerts.yml").open(encoding="utf-8") as file:
        assert one("PrometheusRule", "hydratrace")["spec"] == yaml.safe_load(file)


def test_the_page_says_what_to_do_at_each_alert() -> None:
    page = (DEPLOY / "README.md").read_text(encoding="utf-8")
    explained = re.findall(r"^\| `(Hydratrace\w+)` \|", page, re.MULTILINE)
    assert explained == [alert for alert, _ in RULES]


def test_each_alert_is_seen_to_fire() -> None:
    with (DEPLOY / "prometheus" / "alerts_test.yml").open(encoding="utf-8") as file:
        tests = yaml.safe_load(file)["tests"]
    fired = {rule["alertname"] for test in tests for rule in test.get("alert_rule_test", ()) if rule["exp_alerts"]}
    assert fired == {alert for alert, _ in RULES}
