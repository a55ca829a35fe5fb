"""Creates volumes for the claims of a namespace, like a provisioner: folders of the node."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from hack.devcluster.api import ApiError
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


@contextmanager
def provided(place: Place, node: RealNode) -> Iterator[None]:
    """Volumes for all claims that are made in here."""
    over = threading.Event()

    def run() -> None:
        while not over.wait(0.5):
            with suppress(ApiError, OSError):
                provide(place, node)

    thread = threading.Thread(target=run, name=f"volumes of {place.name}")
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
