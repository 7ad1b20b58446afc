"""The validators of deploy/: built from the modules in deploy/tools, which pin their versions."""

import hashlib
import shutil
import subprocess
import zipfile
from dataclasses import dataclass
from pathlib import Path

from tests.integration.maven import Jars

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
TOOLS = DEPLOY / "tools"
CACHE = ROOT / ".cache" / "deploy"
FLINK_CRD = Jars(TOOLS / "flink-crd" / "pom.xml", CACHE / "jars")
CRD_IN_JAR = "META-INF/fabric8/flinkdeployments.flink.apache.org-v1.yml"
KUBERNETES = "1.30"  # the newest that the validator knows

# Module → package.
PROGRAMS = {
    "containers": ".",
    "controller-gen": "sigs.k8s.io/controller-tools/cmd/controller-gen",
    "kubectl-validate": "sigs.k8s.io/kubectl-validate",
    "kustomize": "sigs.k8s.io/kustomize/kustomize/v5",
    "promtool": "github.com/prometheus/prometheus/cmd/promtool",
}
# Of Prometheus' service discovery our files use only static addresses; the rest is a fifth of what is compiled.
TAGS = "remove_all_sd"
MONITORING = "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"


@dataclass(frozen=True)
class Built:
    """Where the validators lie; each method returns what is wrong with a file, empty if nothing."""

    folder: Path

    def container_file(self, kind: str, file: Path, *overrides: Path) -> str:
        """Of a compose file (with others over it), a Dockerfile or a dashboard."""
        return self._run("containers", kind, str(file), *map(str, overrides))

    def prometheus(self, *words: str | Path) -> str:
        """What promtool says."""
        return self._run("promtool", *map(str, words))

    def kubernetes(self, *files: Path) -> str:
        """Of manifests, by the schemas of Kubernetes, Flink's operator and Prometheus' operator."""
        return self._run(
            "kubectl-validate", "--version", KUBERNETES, "--local-crds", str(self.folder / "crds"), *map(str, files)
        )

    def kustomize(self, folder: Path, rendered: Path) -> str:
        """Of a kustomization; what comes of it is written to `rendered`."""
        return self._run("kustomize", "build", str(folder), "--output", str(rendered))

    def _run(self, program: str, *words: str) -> str:
        ran = subprocess.run([self.folder / program, *words], capture_output=True, text=True, check=False)
        return (ran.stderr + ran.stdout).strip() or f"status {ran.returncode}" if ran.returncode else ""


def missing() -> str:
    """What this machine lacks to build them; empty if nothing."""
    if _folder().is_dir():
        return ""
    lacks = [] if shutil.which("go") else ["go on PATH"]
    lacks += [lack] if (lack := FLINK_CRD.missing()) else []
    return " and ".join(lacks)


def build() -> Built:
    """Build what is not there; raises CalledProcessError with the compiler's words on the terminal."""
    folder = _folder()
    if not folder.is_dir():
        shutil.rmtree(folder.parent, ignore_errors=True)  # those of other versions: 500 MB
        made = folder.parent / "unfinished"
        for module, package in PROGRAMS.items():
            subprocess.run(["go", "build", f"-tags={TAGS}", "-o", f"{made}/", package], cwd=TOOLS / module, check=True)
        crds = ["crd", f"paths={MONITORING}", f"output:crd:dir={made / 'crds'}"]
        subprocess.run([made / "controller-gen", *crds], cwd=TOOLS / "controller-gen", check=True)
        (jar,) = FLINK_CRD.resolve().glob("*.jar")
        with zipfile.ZipFile(jar) as opened:
            (made / "crds" / "flinkdeployments.yaml").write_bytes(opened.read(CRD_IN_JAR))
        made.rename(folder)
    return Built(folder)


def _folder() -> Path:
    """Named after what they are built from."""
    content = hashlib.sha256(TAGS.encode())
    for path in sorted(TOOLS.rglob("*")):
        if path.is_file():
            content.update(path.read_bytes())
    return CACHE / "built" / content.hexdigest()[:16]


if __name__ == "__main__":
    if lack := missing():
        print(f"the validators of deploy/ cannot be built: install {lack}")
    else:
        if not _folder().is_dir():
            print("building the validators of deploy/ (once; minutes)")
        build()
