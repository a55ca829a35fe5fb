"""Images as archives, made without a container engine or a registry.

An image consists of layers (uncompressed tar files) and a configuration. An archive contains any
number of images, in the format of `docker save`. The names end in `.invalid`, a domain that does
not exist, so that no image is pulled by accident.
"""

from __future__ import annotations

import hashlib
import io
import json
import platform
import tarfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hack.e2e import tools

REGISTRY = "e2e.invalid"
PAUSE = f"{REGISTRY}/pause:1"
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


@dataclass(frozen=True)
class Layer:
    """A tar file and its digest."""

    path: Path
    digest: str


@dataclass(frozen=True)
class Image:
    """An image. `config` has fields of the OCI image specification: Entrypoint, Env, User …"""

    tag: str
    layers: Sequence[Layer]
    config: Mapping[str, Any] = field(default_factory=dict)

    def configuration(self) -> bytes:
        machine = platform.machine()
        return json.dumps(
            {
                "architecture": _ARCHITECTURES.get(machine, machine),
                "os": "linux",
                "config": dict(self.config),
                "rootfs": {
                    "type": "layers",
                    "diff_ids": [f"sha256:{layer.digest}" for layer in self.layers],
                },
            }
        ).encode()


@dataclass(frozen=True)
class Entry:
    """A file, a link (`target`) or, without either, a folder of a layer."""

    path: str
    content: bytes | None = None
    target: str = ""
    mode: int = 0o755


def layer(path: Path, entries: Iterable[Entry]) -> Layer:
    """Write a layer of these entries."""
    with tarfile.open(path, "w") as archive:
        for entry in entries:
            info = tarfile.TarInfo(entry.path)
            info.mode = entry.mode
            if entry.target:
                info.type, info.linkname = tarfile.SYMTYPE, entry.target
            elif entry.content is None:
                info.type = tarfile.DIRTYPE
            else:
                info.size = len(entry.content)
            archive.addfile(info, io.BytesIO(entry.content or b""))
    return read(path)


def tree(path: Path, root: Path) -> Layer:
    """Write a layer of all files below a folder, owned by root and without times, so that equal
    folders give equal layers."""

    def plain(info: tarfile.TarInfo) -> tarfile.TarInfo:
        info.uid = info.gid = info.mtime = 0
        info.uname = info.gname = ""
        return info

    with tarfile.open(path, "w") as archive:
        for child in sorted(root.iterdir()):
            archive.add(child, child.name, filter=plain)
    return read(path)


def read(path: Path) -> Layer:
    """Read an existing layer."""
    with path.open("rb") as file:
        return Layer(path, hashlib.file_digest(file, "sha256").hexdigest())


def archive(path: Path, images: Sequence[Image]) -> Path:
    """Write images to one archive. A layer that several images share is written once."""
    manifest, written = [], set()
    with tarfile.open(path, "w") as out:

        def add(name: str, content: bytes) -> None:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            out.addfile(info, io.BytesIO(content))

        for image in images:
            configuration = image.configuration()
            name = f"{hashlib.sha256(configuration).hexdigest()}.json"
            if name not in written:
                add(name, configuration)
                written.add(name)
            for each in image.layers:
                if each.digest not in written:
                    out.add(each.path, f"{each.digest}.tar")
                    written.add(each.digest)
            layers = [f"{each.digest}.tar" for each in image.layers]
            manifest.append({"Config": name, "RepoTags": [image.tag], "Layers": layers})
        add("manifest.json", json.dumps(manifest).encode())
    return path


def busybox(path: Path, *more: Entry) -> Layer:
    """Write a layer with all tools of busybox and additional entries."""
    return layer(path, [*_BUSYBOX, Entry("bin/busybox", tools.busybox().read_bytes()), *more])


_APPLETS = ("sh", "httpd", "sleep", "cat", "echo", "mkdir", "rm", "kill", "wget", "hostname")
_BUSYBOX = [
    *(Entry(folder) for folder in ("bin", "dev", "etc", "proc", "sys", "www")),
    Entry("tmp", mode=0o1777),
    *(Entry(f"bin/{applet}", target="busybox") for applet in _APPLETS),
]


def pause(folder: Path) -> Path:
    """Write the archive of the pause image, which holds a pod's network and sleeps for ever."""
    only = busybox(folder / "pause-layer.tar")
    image = Image(PAUSE, [only], {"Entrypoint": ["/bin/sleep", "2147483647"]})
    return archive(folder / "pause.tar", [image])
