"""The lower layer of the operator's image: Python and the operator's packages, cached by content.

It replaces the base image and the first stage of the Dockerfile, because there is neither a
container engine nor a registry. It has Python and its libraries from unpacked Debian packages, and
the packages of `hack/requirements.lock` in /opt/echelon, verified by hash. All of it is compiled.
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
# Dependencies of Python that it does not need to run.
_LEFT_OUT = re.compile(r"perl|dpkg|debconf|install-info|mailcap|mime-support|tar$|gcc-.*-base")
_MANYLINUX = ("2014", "_2_17", "_2_28", "_2_34")
_USERS = "root:x:0:0:root:/root:/sbin/nologin\nechelon:x:65532:65532::/tmp:/sbin/nologin\n"


class ImageError(Exception):
    """A step failed. The text has the failing program's output."""


@dataclass(frozen=True)
class Base:
    """The layer, and the same tree unpacked; programs of the image run in the tree with chroot."""

    layer: images.Layer
    root: Path
    python: str

    @property
    def site(self) -> Path:
        return self.root / HOME / "lib" / self.python / "site-packages"


def base() -> Base:
    """The cached layer. It is made if it does not exist yet."""
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
    """Compile a folder of the tree to byte code that is valid without file times, which a layer
    loses."""
    python = next((root / "usr/bin").glob("python3.*")).name
    flags = ["-q", "--invalidation-mode", "unchecked-hash"]
    _run("chroot", str(root), f"/usr/bin/{python}", "-m", "compileall", *flags, folder)


def _make(folder: Path) -> None:
    """Make the layer in a temporary folder and then move it, so that no incomplete one exists."""
    work = Path(tempfile.mkdtemp(prefix=".e2e-base-", dir=folder.parent))
    try:
        with ticking("building the lower layer of the operator's image"):
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
    """Unpack Debian's Python into the tree. Returns its name, such as `python3.11`."""
    found = re.search(
        r"Depends: (python3\.\d+)-minimal", _run("apt-cache", "depends", "python3-minimal")
    )
    if not found:
        raise ImageError("apt-cache does not know python3-minimal: run apt-get update")
    python = found[1]
    without = ("recommends", "suggests", "conflicts", "breaks", "replaces", "enhances")
    # Every slim image of Debian has the last one, because apt needs it; wheels rely on it.
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
    """Install the locked packages into a virtual environment of the tree."""
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
