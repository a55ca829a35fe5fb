"""containerd and runc in a box: its configuration, and images put into it without a registry."""

from __future__ import annotations

import json
from pathlib import Path

from hack.devcluster.process import Child
from hack.e2e.box import Box, BoxError
from hack.e2e.network import Network
from hack.e2e.tools import CNI_PLUGINS

#: As said in its configuration: the version is that of the file's format.
_CONFIG = """\
version = 2
root = "{folder}/root"
state = "{folder}/state"
disabled_plugins = ["io.containerd.internal.v1.opt"]  # it would make /opt/containerd

[grpc]
address = "{socket}"

[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "{sandbox}"
restrict_oom_score_adj = true  # the machine may lack CAP_SYS_RESOURCE
disable_apparmor = true

[plugins."io.containerd.grpc.v1.cri".containerd]
snapshotter = "native"  # works on every file system

[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "{plugins}"
conf_dir = "{folder}/cni"
"""


class Runtime:
    """`start` it, then `load` images. All files are in `folder`."""

    def __init__(self, box: Box, folder: Path, network: Network, sandbox: str) -> None:
        self.socket = folder / "containerd.sock"
        self._box = box
        configuration = folder / "cni"
        configuration.mkdir(parents=True)
        cni = json.dumps(network.cni(folder / "addresses"), indent=2)
        (configuration / "10-pods.conflist").write_text(cni)
        config = folder / "config.toml"
        config.write_text(
            _CONFIG.format(
                folder=folder, socket=self.socket, sandbox=sandbox, plugins=CNI_PLUGINS
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
