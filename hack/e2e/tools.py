"""The requirements of a real node: root, Linux, and some Debian packages."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

CNI_PLUGINS = Path("/usr/lib/cni")

#: program or file -> the Debian package that has it
_NEEDED = {
    "containerd": "containerd",
    "ctr": "containerd",
    "runc": "runc",
    str(CNI_PLUGINS / "bridge"): "containernetworking-plugins",
    str(CNI_PLUGINS / "host-local"): "containernetworking-plugins",
    "busybox": "busybox-static",
    "ip": "iproute2",
    "unshare": "util-linux",
    "nsenter": "util-linux",
}
# Prevent the package from starting its service with systemd.
_APT_ENVIRONMENT = {"DEBIAN_FRONTEND": "noninteractive", "SYSTEMD_OFFLINE": "1"}


class UnavailableError(Exception):
    """No real node can run here. The text tells the user why, and what to do."""


def ensure() -> None:
    """Install missing packages. Raises UnavailableError if a requirement cannot be met."""
    if not sys.platform.startswith("linux"):
        raise UnavailableError("a real node needs Linux")
    if os.geteuid() != 0:
        raise UnavailableError("a real node needs root (namespaces, cgroups): run it as root")
    if missing := _missing():
        _install(sorted({_NEEDED[each] for each in missing}))
    if missing := _missing():
        raise UnavailableError(f"not found after the installation: {', '.join(missing)}")
    if not _static(busybox()):
        _install(["busybox-static"])


def busybox() -> Path:
    """The statically linked busybox."""
    return Path(_found("busybox") or "/bin/busybox").resolve()


def _static(program: Path) -> bool:
    return subprocess.run(["ldd", str(program)], capture_output=True, check=False).returncode != 0


def _found(program: str) -> str | None:
    return shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin:/bin")


def _missing() -> list[str]:
    return [each for each in _NEEDED if not _found(each)]


def _install(packages: list[str]) -> None:
    names = " ".join(packages)
    if not shutil.which("apt-get"):
        raise UnavailableError(f"install these Debian packages: {names}")
    print(f"installing Debian packages: {names}", file=sys.stderr, flush=True)
    if not (_apt(*packages) or (_apt() and _apt(*packages))):
        raise UnavailableError(f"apt-get could not install {names}: see above")


def _apt(*packages: str) -> bool:
    """Install packages. Without any, update the package lists."""
    command = ["install", "--yes", "--quiet", "--no-install-recommends", *packages]
    done = subprocess.run(
        ["apt-get", *(command if packages else ["update", "--quiet"])],
        env=os.environ | _APT_ENVIRONMENT,
        stdout=sys.stderr,
        check=False,
    )
    return done.returncode == 0


if __name__ == "__main__":
    try:
        ensure()
    except UnavailableError as error:
        sys.exit(f"e2e: {error}")
