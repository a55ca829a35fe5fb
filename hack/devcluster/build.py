"""Builds the real parts of a cluster from their Go modules, once per user and machine.

`python3 -m hack.devcluster.build [TARGET…]` needs the standard library and Go; targets are
control-plane (the default), kubelet, helm, integrations, kube-state-metrics and prometheus. A
program is built into `<cache>/<name>-<digest>/`. The digest covers everything that affects the
result: the module's pins, the project's own sources, the flags and the version of Go. So a change
of the node simulator rebuilds only the node simulator. If several processes need a program, one
builds it and the others wait. Programs in the folder `KUBEBUILDER_ASSETS` are used instead of built
ones.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from hack.devcluster.progress import ticking

HERE = Path(__file__).resolve().parent
KUBERNETES_VERSION = "v1.36.3"  # as in go.mod; clients refuse a server without a version
_MAJOR, _MINOR = KUBERNETES_VERSION.removeprefix("v").split(".")[:2]
_VERSION = {"gitVersion": KUBERNETES_VERSION, "gitMajor": _MAJOR, "gitMinor": _MINOR}
STRIP = "-s -w"
LINK_FLAGS = " ".join(
    [STRIP]
    + [
        f"-X k8s.io/{package}.{name}={value}"
        for package in ("component-base/version", "client-go/pkg/version")
        for name, value in _VERSION.items()
    ]
)
HELM_VERSION = "v4.3.1"  # as in helm/go.mod
HELM_LINK_FLAGS = f"{STRIP} -X helm.sh/helm/v4/internal/version.version={HELM_VERSION}"
GO_FLAGS = ["-mod=readonly", "-trimpath", "-buildvcs=false"]


class BuildError(Exception):
    """A program cannot be built. The text tells the user why, and what to do."""


@dataclass(frozen=True)
class Unit:
    """One `go build`: a package, the module that pins it, and the names of its programs."""

    name: str
    package: str
    module: str = "."
    sources: str | None = None  # folder of the project's own code in the module, if any
    link_flags: str = LINK_FLAGS
    aliases: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()

    @property
    def programs(self) -> tuple[str, ...]:
        return self.aliases or (self.name,)


def _of_prometheus(name: str) -> Unit:
    """Without the discovery of targets in clouds, which would be most of the program."""
    package = f"github.com/prometheus/prometheus/cmd/{name}"
    return Unit(name, package, "prometheus", link_flags=STRIP, flags=("-tags=remove_all_sd",))


_KUBE = ("kube-apiserver", "kube-controller-manager", "kube-scheduler")
UNITS = {
    unit.name: unit
    for unit in (
        Unit("etcd", "go.etcd.io/etcd/server/v3", link_flags=STRIP),
        Unit("kube", "./cmd/kube", sources="cmd/kube", aliases=_KUBE),
        Unit("kubectl", "k8s.io/kubernetes/cmd/kubectl"),
        Unit("kubelet", "k8s.io/kubernetes/cmd/kubelet"),
        Unit("nodesim", "./cmd/nodesim", sources="cmd/nodesim", link_flags=STRIP),
        Unit("helm", "helm.sh/helm/v4/cmd/helm", module="helm", link_flags=HELM_LINK_FLAGS),
        _of_prometheus("prometheus"),
        _of_prometheus("promtool"),
        *(
            Unit(name, f"./cmd/{name}", "../integrations", f"cmd/{name}", link_flags=STRIP)
            for name in ("argolua", "kstatus")
        ),
        Unit(
            "kube-state-metrics",
            "k8s.io/kube-state-metrics/v2",
            module="../integrations/statemetrics",
            link_flags=STRIP,
        ),
    )
}
PROGRAMS = {program: unit for unit in UNITS.values() for program in unit.programs}
TARGETS = {
    "control-plane": ("etcd", *_KUBE, "kubectl", "nodesim"),
    "kubelet": ("kubelet",),
    "helm": ("helm",),
    "prometheus": ("prometheus", "promtool"),
    "integrations": ("argolua", "kstatus"),
    "kube-state-metrics": ("kube-state-metrics",),
}


def cache_dir() -> Path:
    """The folder of built programs: per user, outside the repository."""
    if own := os.environ.get("ECHELON_CACHE"):
        return Path(own)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "echelon"


def binary(program: str) -> Path:
    """The path of a program. It is built if it does not exist yet."""
    if assets := os.environ.get("KUBEBUILDER_ASSETS"):
        given = Path(assets) / program
        if os.access(given, os.X_OK):
            return given
    unit = PROGRAMS[program]
    folder = cache_dir() / f"{unit.name}-{_digest(unit)}"
    if not (folder / program).exists():
        _build(unit, folder)
    return folder / program


@cache
def _go_version(module: Path) -> str:
    """The version of Go, run in the module's folder, where Go checks the module's minimum
    version."""
    need = next(
        line.split()[1]
        for line in (module / "go.mod").read_text().splitlines()
        if line.startswith("go ")
    )
    try:
        asked = subprocess.run(
            ["go", "env", "GOVERSION"], cwd=module, capture_output=True, text=True, check=True
        )
    except FileNotFoundError:
        raise BuildError(
            f"Go is not on the PATH. Install Go {need} or newer, "
            "or set KUBEBUILDER_ASSETS to a folder with etcd, kube-apiserver and kubectl."
        ) from None
    except subprocess.CalledProcessError as error:
        raise BuildError(f"Go {need} or newer is needed: {error.stderr.strip()}") from None
    return asked.stdout.strip()


@cache
def _digest(unit: Unit) -> str:
    module = HERE / unit.module
    files = [module / "go.mod", module / "go.sum"]
    if unit.sources:
        files += sorted((module / unit.sources).glob("*.go"))
    hashed = hashlib.sha256()
    flags = (*GO_FLAGS, *unit.flags)
    for word in (unit.package, unit.link_flags, *flags, _go_version(module)):
        hashed.update(word.encode() + b"\0")
    for file in files:
        hashed.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    return hashed.hexdigest()[:12]


def _build(unit: Unit, folder: Path) -> None:
    """Build into a temporary folder and then move it, so that no incomplete folder exists."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with _locked(folder.with_suffix(".lock"), unit.name):
        if folder.exists():  # another process has built it meanwhile
            return
        work = Path(tempfile.mkdtemp(prefix=f".{unit.name}-", dir=folder.parent))
        try:
            _go_build(unit, work / unit.name)
            for alias in unit.aliases:
                (work / alias).symlink_to(unit.name)
            work.chmod(0o755)
            work.rename(folder)
        finally:
            shutil.rmtree(work, ignore_errors=True)


def _go_build(unit: Unit, out: Path) -> None:
    flags = [*GO_FLAGS, *unit.flags, "-ldflags", unit.link_flags]
    command = ["go", "build", *flags, "-o", str(out), unit.package]
    environment = os.environ | {"CGO_ENABLED": "0"}
    with tempfile.TemporaryFile("w+") as said:
        what = f"building {', '.join(unit.programs)}"
        with (
            ticking(what),
            subprocess.Popen(
                command, cwd=HERE / unit.module, env=environment, stdout=said, stderr=said
            ) as process,
        ):
            try:
                code = process.wait()
            except BaseException:
                process.terminate()
                raise
        if code:
            said.seek(0)
            raise BuildError(f"{what} failed:\n{said.read().strip()}")


@contextmanager
def _locked(path: Path, name: str) -> Iterator[None]:
    with path.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            with ticking(f"waiting for another build of {name}"):
                fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def main() -> None:
    parser = argparse.ArgumentParser(prog="hack.devcluster.build", description=__doc__)
    parser.add_argument("target", nargs="*", help=f"{', '.join(TARGETS)} (default: control-plane)")
    parser.add_argument("--print", action="store_true", help="print the paths of the programs")
    options = parser.parse_args()
    if unknown := set(options.target) - set(TARGETS):
        parser.error(f"unknown target {', '.join(sorted(unknown))}")
    try:
        for target in options.target or ["control-plane"]:
            for program in TARGETS[target]:
                path = binary(program)
                if options.print:
                    print(path)
    except BuildError as error:
        sys.exit(f"devcluster: {error}")
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
