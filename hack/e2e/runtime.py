"""containerd and runc in a box: their configuration, and the import of images."""

from __future__ import annotations

import json
from pathlib import Path

from hack.devcluster.process import Child
from hack.e2e.box import Box, BoxError
from hack.e2e.network import Network
from hack.e2e.tools import CNI_PLUGINS

#: A folder in memory that only the box sees, because unpacked images are many small files. They and
#: the contents of the image archives take about 600 MB.
_MEMORY = Path("/run/realnode")
#: The version in containerd's configuration is that of the file format.
_CONFIG = """\
version = 2
root = "{memory}/root"
state = "{memory}/state"
disabled_plugins = ["io.containerd.internal.v1.opt"]  # it would make /opt/containerd

[grpc]
address = "{socket}"

[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "{sandbox}"
restrict_oom_score_adj = true  # the machine may lack CAP_SYS_RESOURCE
disable_apparmor = true

[plugins."io.containerd.grpc.v1.cri".containerd]
snapshotter = "{snapshotter}"

[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "{plugins}"
conf_dir = "{folder}/cni"
"""


class Runtime:
    """containerd. Call `start`, then `load` images. Its configuration is in `folder`."""

    def __init__(self, box: Box, folder: Path, network: Network, sandbox: str) -> None:
        self.socket = _MEMORY / "containerd.sock"
        self._box = box
        configuration = folder / "cni"
        configuration.mkdir(parents=True)
        cni = json.dumps(network.cni(_MEMORY / "addresses"), indent=2)
        (configuration / "10-pods.conflist").write_text(cni)
        config = folder / "config.toml"
        config.write_text(
            _CONFIG.format(
                folder=folder,
                socket=self.socket,
                sandbox=sandbox,
                plugins=CNI_PLUGINS,
                memory=_MEMORY,
                snapshotter=_snapshotter(box, _MEMORY / "probe"),
            )
        )
        self.child: Child = box.child("containerd", ["containerd", "--config", str(config)])

    def start(self) -> None:
        self.child.start()

    def ready(self) -> bool:
        try:
            self._ctr("version")
        except BoxError:
            return False
        return True

    def load(self, archive: Path) -> None:
        """Import the images of an archive, so that no pod needs to pull them."""
        self._ctr("images", "import", str(archive))

    def images(self) -> list[str]:
        return self._ctr("images", "list", "--quiet").split()

    def _ctr(self, *args: str) -> str:
        own = [f"--address={self.socket}", "--namespace=k8s.io"]
        return self._box.run("ctr", *own, *args)


def _snapshotter(box: Box, folder: Path) -> str:
    """`overlayfs` if the kernel allows it, otherwise `native`, which copies trees."""
    parts = {part: folder / part for part in ("lower", "upper", "work", "merged")}
    box.run("mkdir", "-p", *map(str, parts.values()))
    options = f"lowerdir={parts['lower']},upperdir={parts['upper']},workdir={parts['work']}"
    try:
        box.run("mount", "-t", "overlay", "overlay", "-o", options, str(parts["merged"]))
    except BoxError:
        return "native"
    box.run("umount", str(parts["merged"]))
    return "overlayfs"
