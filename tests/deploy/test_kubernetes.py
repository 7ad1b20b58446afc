"""The manifests fit each other and hydratrace: what selects, mounts or names something finds it."""

import re
from typing import Any

import pytest
import yaml

from pipeline.landing.flink_options import check_job, flink_options
from pipeline.settings import load
from queries.cli import build_parser
from tests.deploy.manifests import DEPLOY, MANIFESTS, objects, one, pods

PODS = pods()
KUSTOMIZATION = yaml.safe_load((DEPLOY / "kubernetes" / "kustomization.yaml").read_text(encoding="utf-8"))
PINNED = re.compile(r"[\w./-]+:v?\d+\.\d+(\.\d+)?[\w.-]*")
CONTAINERS = [(pod, each) for pod, template in PODS.items() for each in template["spec"]["containers"]]
POLICIES = [each for each in objects() if each["kind"] == "NetworkPolicy"]


def labels(pod: str) -> dict[str, str]:
    found: dict[str, str] = PODS[pod]["metadata"]["labels"]
    return found


def selected(selector: dict[str, Any]) -> list[str]:
    """Pods that the selector finds."""
    expressions = selector.get("matchExpressions", [])
    return [
        pod
        for pod in PODS
        if selector.get("matchLabels", {}).items() <= labels(pod).items()
        and all(labels(pod).get(each["key"]) in each["values"] for each in expressions)
    ]


def test_every_manifest_is_applied() -> None:
    listed = [name for name in KUSTOMIZATION["resources"] if not name.startswith("../")]
    assert sorted(listed) == [path.name for path in MANIFESTS]


@pytest.mark.parametrize(("pod", "container"), CONTAINERS, ids=[f"{pod}-{each['name']}" for pod, each in CONTAINERS])
def test_a_container_is_restricted(pod: str, container: dict[str, Any]) -> None:
    spec, rights = PODS[pod]["spec"], container["securityContext"]
    assert spec["securityContext"]["runAsNonRoot"]
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert not spec["automountServiceAccountToken"]
    assert not rights["allowPrivilegeEscalation"]
    assert rights["capabilities"] == {"drop": ["ALL"]}
    # Flink's start script writes its settings into its own folder.
    assert container["name"] == "flink-main-container" or rights["readOnlyRootFilesystem"]


@pytest.mark.parametrize(("pod", "container"), CONTAINERS, ids=[f"{pod}-{each['name']}" for pod, each in CONTAINERS])
def test_a_container_mounts_what_its_pod_has(pod: str, container: dict[str, Any]) -> None:
    volumes = {volume["name"] for volume in PODS[pod]["spec"]["volumes"]}
    assert {mount["name"] for mount in container["volumeMounts"]} <= volumes


def test_what_a_pod_mounts_is_there() -> None:
    claims = {each["metadata"]["name"] for each in objects() if each["kind"] == "PersistentVolumeClaim"}
    maps = {each["name"] for each in KUSTOMIZATION["configMapGenerator"]}
    for template in PODS.values():
        for volume in template["spec"]["volumes"]:
            assert volume.get("persistentVolumeClaim", {}).get("claimName") in {None, *claims}
            assert volume.get("configMap", {}).get("name") in {None, *maps}
            assert volume.get("secret", {}).get("secretName") in {None, "hydratrace-secrets"}


def test_images_are_pinned_and_those_of_compose() -> None:
    compose = (DEPLOY / "compose.yaml").read_text(encoding="utf-8")
    images = {each["image"] for _, each in CONTAINERS if "image" in each}
    images.add(one("FlinkDeployment", "flink")["spec"]["image"])
    assert len(images) == 3
    for image in images:
        assert PINNED.fullmatch(image)
        assert f"image: {image}\n" in compose


@pytest.mark.parametrize("name", ["hydratrace", "jobserver"])
def test_a_service_finds_its_pods_and_their_ports(name: str) -> None:
    service = one("Service", name)["spec"]
    assert selected({"matchLabels": service["selector"]}) == [name]
    ports = {port["name"]: port["containerPort"] for port in PODS[name]["spec"]["containers"][0]["ports"]}
    assert {port["targetPort"]: port["port"] for port in service["ports"]} == ports


def test_a_deployment_finds_its_pods() -> None:
    for each in objects():
        if each["kind"] == "Deployment":
            assert selected(each["spec"]["selector"]) == [each["metadata"]["name"]]


def test_the_monitor_finds_the_service() -> None:
    monitor, service = one("ServiceMonitor", "hydratrace")["spec"], one("Service", "hydratrace")
    assert monitor["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
    assert [each["port"] for each in monitor["endpoints"]] == [service["spec"]["ports"][0]["name"]]


@pytest.mark.parametrize("policy", POLICIES, ids=[each["metadata"]["name"] for each in POLICIES])
def test_a_policy_is_about_pods_that_there_are(policy: dict[str, Any]) -> None:
    spec = policy["spec"]
    selectors = [spec["podSelector"]] + [
        peer["podSelector"]
        for rule in (*spec.get("ingress", ()), *spec.get("egress", ()))
        for peer in rule.get("from", rule.get("to"))
        if "podSelector" in peer
    ]
    assert all(map(selected, selectors))


def test_what_writes_the_lake_is_on_one_node() -> None:
    writers = {pod for pod, each in CONTAINERS if any(m["mountPath"] == "/lake" for m in each["volumeMounts"])}
    assert writers == {"hydratrace", "taskmanager"}
    for pod in writers:
        (term,) = PODS[pod]["spec"]["affinity"]["podAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
        assert writers <= set(selected(term["labelSelector"]))
        # All that it draws together must be of it, or the first pod would wait for ever.
        assert pod in selected(term["labelSelector"])


def test_run_understands_its_command() -> None:
    (container,) = PODS["hydratrace"]["spec"]["containers"]
    parsed = build_parser().parse_args(container["args"])
    assert parsed.command.name == "run"
    check_job(load({}, {}, DEPLOY / "kubernetes" / "hydratrace.toml"), parsed.beam, follow=True)
    words = flink_options(parsed.beam, "name")
    (flink,) = [each for each in words if each.startswith("--flink_master=")]
    assert flink == "--flink_master=flink-rest:8081"
    slots = one("FlinkDeployment", "flink")["spec"]["flinkConfiguration"]["taskmanager.numberOfTaskSlots"]
    assert f"--parallelism={slots}" in words


def test_who_lands_sees_lake_and_key_at_the_same_place() -> None:
    settings = load({}, {}, DEPLOY / "kubernetes" / "hydratrace.toml")
    for pod, name in (("hydratrace", "hydratrace"), ("taskmanager", "worker")):
        (container,) = [each for each in PODS[pod]["spec"]["containers"] if each["name"] == name]
        mounts = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
        assert mounts["lake"] == settings.lake
        assert settings.key_file == mounts["secrets"] + "/key"


def test_a_key_is_not_for_everybody() -> None:
    for pod in ("hydratrace", "taskmanager"):
        (secret,) = [each["secret"] for each in PODS[pod]["spec"]["volumes"] if "secret" in each]
        assert secret["defaultMode"] == 0o440  # load_key refuses one that others can read
