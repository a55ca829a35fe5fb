"""Volumes for claims, as a provisioner of a cloud makes them.

The programs of Kubernetes do the rest: the controller of volumes asks the provisioner of a claim's
StorageClass for a volume (by an annotation of the claim) and binds it, and the scheduler waits for
that. Nobody mounts a volume: simulated nodes have no files.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from types import TracebackType
from typing import Any, Final

from hack.devcluster.api import Api, ApiError
from hack.harness.manifests import Object

NAME: Final = "tests.echelon.dev/volumes"
#: With it the controller of volumes asks for a volume, and with the other it knows whose it is.
ASKED: Final = "volume.kubernetes.io/storage-provisioner"
MADE: Final = "pv.kubernetes.io/provisioned-by"
LABEL: Final = "tests.echelon.dev/storage-class"
_CLASSES: Final = "/apis/storage.k8s.io/v1/storageclasses"
_SECONDS: Final = 0.1


class Volumes:
    """A StorageClass and its provisioner, as a context manager.

    ``namespace``: the only one with claims of this class, "" for all; ``default``: whether claims
    without a class get this one; ``binding``: Immediate or WaitForFirstConsumer. ``held``: while it
    is set, no volume is made, so that claims stay Pending.
    """

    def __init__(
        self,
        api: Api,
        storage_class: str,
        namespace: str = "",
        *,
        default: bool = False,
        binding: str = "Immediate",
    ) -> None:
        self.held = threading.Event()
        self.storage_class = storage_class
        self._api, self._default, self._binding = api, default, binding
        where = f"namespaces/{namespace}/" if namespace else ""
        self._claims = f"/api/v1/{where}persistentvolumeclaims"
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"volumes of {storage_class}")

    def __enter__(self) -> Volumes:
        meta: Object = {"name": self.storage_class}
        if self._default:
            meta["annotations"] = {"storageclass.kubernetes.io/is-default-class": "true"}
        how = {"provisioner": NAME, "volumeBindingMode": self._binding}
        self._api.create(_CLASSES, {"metadata": meta, **how})
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Remove the volumes and the class. A volume stays as long as its claim."""
        self._ended.set()
        self._thread.join()
        self._api.delete(self._volumes)
        self._api.delete(f"{_CLASSES}/{self.storage_class}")

    @property
    def _volumes(self) -> str:
        return f"/api/v1/persistentvolumes?labelSelector={LABEL}%3D{self.storage_class}"

    def template(self, name: str = "data", **spec: Any) -> Object:
        """A claim template."""
        wanted = {"requests": {"storage": "1Gi"}}
        fields = {"accessModes": ["ReadWriteOnce"], "storageClassName": self.storage_class}
        return {"metadata": {"name": name}, "spec": {**fields, "resources": wanted, **spec}}

    def claims(self) -> dict[str, Object]:
        """The claims of the namespace by name."""
        return {claim["metadata"]["name"]: claim for claim in self._listed()}

    def _listed(self) -> list[Object]:
        found: list[Object] = self._api.get(self._claims)["items"]
        return found

    def volumes(self) -> list[Object]:
        """The volumes that were made and not removed."""
        found: list[Object] = self._api.get(self._volumes)["items"]
        return found

    def _run(self) -> None:
        # The API server may be away for a moment: some tests restart it.
        while not self._ended.wait(_SECONDS):
            with suppress(ApiError, OSError):
                self._provide()

    def _provide(self) -> None:
        volumes = self.volumes()
        for volume in volumes:
            if volume.get("status", {}).get("phase") == "Released":
                with suppress(ApiError):
                    self._api.delete(f"/api/v1/persistentvolumes/{volume['metadata']['name']}")
        there = {volume["metadata"]["name"] for volume in volumes}
        for claim in self._listed():
            asked = claim["metadata"].get("annotations", {}).get(ASKED) == NAME
            mine = asked and claim["spec"].get("storageClassName") == self.storage_class
            unbound = not claim["spec"].get("volumeName") and _name(claim) not in there
            if mine and unbound and not self.held.is_set():
                self._api.create("/api/v1/persistentvolumes", self._volume(claim))

    def _volume(self, claim: Object) -> Object:
        meta, wanted, name = claim["metadata"], claim["spec"], _name(claim)
        spec = {
            "capacity": wanted["resources"]["requests"],
            "accessModes": wanted["accessModes"],
            "storageClassName": self.storage_class,
            "persistentVolumeReclaimPolicy": "Delete",
            "claimRef": {k: meta[k] for k in ("namespace", "name", "uid")},
            "hostPath": {"path": f"/volumes/{name}"},
        }
        marks = {"labels": {LABEL: self.storage_class}, "annotations": {MADE: NAME}}
        return {"metadata": {"name": name, **marks}, "spec": spec}


def _name(claim: Object) -> str:
    return f"pvc-{claim['metadata']['uid']}"
