"""Creates volumes for the claims of a namespace, like a provisioner: folders of the node."""

from __future__ import annotations

from pathlib import Path

from hack.e2e.node import RealNode
from tests.e2e.place import Place


def provide(place: Place, node: RealNode) -> Path:
    """Create a volume for each claim that has none. Returns the folder with a subfolder per claim
    name."""
    folder = node.dir / "volumes" / place.name
    for claim in place.api.get(place.path("persistentvolumeclaims"))["items"]:
        name, want = claim["metadata"]["name"], claim["spec"]
        if (folder / name).exists():
            continue
        (folder / name).mkdir(parents=True)
        (folder / name).chmod(0o777)
        spec = {
            "capacity": want["resources"]["requests"],
            "accessModes": want["accessModes"],
            "storageClassName": want.get("storageClassName", ""),
            "claimRef": {"namespace": place.name, "name": name},
            "hostPath": {"path": str(folder / name)},
        }
        volume = {"metadata": {"name": f"{place.name}-{name}"}, "spec": spec}
        place.api.create("/api/v1/persistentvolumes", volume)
    return folder
