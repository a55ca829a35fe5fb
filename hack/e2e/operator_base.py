"""The lower layer of the operator's image: Python and what the operator needs, cached by content.

It stands for the base and the first stage of the Dockerfile where neither a container engine nor a
registry is at hand: Python and its libraries from Debian packages, unpacked; the packages of
`hack/requirements.lock` into /opt/echelon, by the hashes there; all of it compiled once.
"""

from __future__ import annotations

import fcntl
import hashlib
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from hack.devcluster.build import cache_dir
from hack.devcluster.progress import ticking
from hack.e2e import images

ROOT = Path(__file__).resolve().parents[2]
LOCK = ROOT / "hack" / "requirements.lock"
HOME = "opt/echelon"
# Recommended by nobody, but in the closure of what Python depends on: it runs without.
_LEFT_OUT = re.compile(r"perl|dpkg|debconf|install-info|mailcap|mime-support|tar$|gcc-.*-base")
_MANYLINUX = ("2014", "_2_17", "_2_28", "_2_34")
_USERS = "root:x:0:0:root:/root:/sbin/nologin\nechelon:x:65532:65532::/tmp:/sbin/nologin\n"


class ImageError(Exception):
    """A step failed; with the failing program's own words."""


@dataclass(frozen=True)
class Base:
    """The layer, and the same tree unpacked: programs of the image run in it by chroot."""

    layer: images.Layer
    root: Path
    python: str

    @property
    def site(self) -> Path:
        return self.root / HOME / "lib" / self.python / "site-packages"


def base() -> Base:
    """The cached layer, made first if it has never been."""
    digest = hashlib.sha256(LOCK.read_bytes() + Path(__file__).read_bytes()).hexdigest()[:12]
    folder = cache_dir() / f"e2e-base-{digest}"
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with _locked(folder.with_suffix(".lock")):
            if not folder.exists():
                _make(folder)
    root = folder / "root"
    python = next((root / HOME / "lib").iterdir()).name
    return Base(images.read(folder / "layer.tar"), root, python)


def compile_all(root: Path, folder: str) -> None:
    """Byte code for a folder of the tree, valid whatever its times: they are lost in a layer."""
    python = next((root / "usr/bin").glob("python3.*")).name
    flags = ["-q", "--invalidation-mode", "unchecked-hash"]
    _run("chroot", str(root), f"/usr/bin/{python}", "-m", "compileall", *flags, folder)


def _make(folder: Path) -> None:
    """In a folder of its own, moved into place whole."""
    work = Path(tempfile.mkdtemp(prefix=".e2e-base-", dir=folder.parent))
    try:
        with ticking("making the lower layer of the operator's image"):
            root = work / "root"
            python = _unpack_debian(work / "packages", root)
            _install(root, python)
            compile_all(root, f"/usr/lib/{python}")
            compile_all(root, f"/{HOME}/lib")
            images.tree(work / "layer.tar", root)
        shutil.rmtree(work / "packages")
        work.chmod(0o755)
        work.rename(folder)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _unpack_debian(downloads: Path, root: Path) -> str:
    """Fill the tree with Debian's Python; its name, as in `python3.11`."""
    found = re.search(
        r"Depends: (python3\.\d+)-minimal", _run("apt-cache", "depends", "python3-minimal")
    )
    if not found:
        raise ImageError("no python3-minimal is known to apt-cache: run apt-get update")
    python = found[1]
    without = ("recommends", "suggests", "conflicts", "breaks", "replaces", "enhances")
    # The last is in every slim image of Debian, for apt is made of it: wheels count on it.
    wanted = [f"{python}-minimal", f"lib{python}-stdlib", "libstdc++6"]
    options = ["--recurse", *(f"--no-{each}" for each in without)]
    names = {line for line in _run("apt-cache", "depends", *options, *wanted).splitlines() if line}
    packages = sorted(n for n in names if n[0] not in " <|" and not _LEFT_OUT.search(n))
    downloads.mkdir()
    _run("apt-get", "download", "-o", "APT::Sandbox::User=root", *packages, cwd=downloads)
    for package in sorted(downloads.glob("*.deb")):
        _run("dpkg-deb", "--extract", str(package), str(root))
    for name in ("doc", "man", "locale", "info", "lintian", "bug"):
        shutil.rmtree(root / "usr/share" / name, ignore_errors=True)
    for name in ("dev", "proc", "sys", "etc", "tmp"):
        (root / name).mkdir(exist_ok=True)
    (root / "tmp").chmod(0o1777)
    (root / "etc/passwd").write_text(_USERS)
    return python


def _install(root: Path, python: str) -> None:
    """The locked packages, into a virtual environment of the tree."""
    _run("chroot", str(root), f"/usr/bin/{python}", "-m", "venv", "--without-pip", f"/{HOME}")
    machine = platform.machine()
    site = root / HOME / "lib" / python / "site-packages"
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-compile", "--no-deps"]
    command += ["--require-hashes", "--only-binary=:all:", f"--requirement={LOCK}"]
    command += [f"--target={site}", "--implementation=cp"]
    command += [f"--python-version={python.removeprefix('python')}"]
    command += [f"--platform=manylinux{each}_{machine}" for each in _MANYLINUX]
    _run(*command)


def _run(*command: str, cwd: Path | None = None) -> str:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ImageError(
            f"{' '.join(command[:6])} …:\n{done.stderr.strip() or done.stdout.strip()}"
        )
    return done.stdout


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
