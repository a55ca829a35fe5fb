"""A reconciler with a Job that has claims, which are followed."""

from __future__ import annotations

from typing import Any

from controller.core.model.claims import Claims
from controller.reconcile.claims.objects import read_claim
from tests.unit.reconcile.fake_api import KEY, Object, Shop

DATA: Object = {
    "metadata": {"name": "data", "labels": {"tier": "gold"}, "annotations": {"a": "b"}},
    "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
}


class ClaimShop(Shop):
    """``claim`` gives a claim to the API server as somebody else made it."""

    def __init__(self, **spec: Any) -> None:
        super().__init__()
        self.store.claims.wanted.set()
        self.store.claims.followed = True
        self.job(spec={"volumeClaimTemplates": [DATA], **spec})

    @property
    def claims(self) -> Claims:
        return self.store.claims.of(KEY, "j1", frozenset())

    def claim(self, name: str = "data-web-0", **metadata: Any) -> Object:
        spec = {"accessModes": ["ReadWriteOnce"], "volumeName": "pv-1"}
        meta = {"name": name, "uid": f"uid-{name}", **metadata}
        return self.api.put("persistentvolumeclaims", {"metadata": meta, "spec": spec})

    def see_claim(self, obj: Object) -> None:
        """Report a claim to the store, as the watch does."""
        self.store.claims.put(read_claim(obj))

    def stored(self, name: str = "data-web-0") -> Object:
        """A claim as the API server has it."""
        return self.api.objects["persistentvolumeclaims", name]

    def asked(self, *verbs: str) -> list[tuple[str, str]]:
        """Verb and name of the requests about pods and claims, in order."""
        kinds = ("pods", "persistentvolumeclaims")
        return [(v, n) for v, plural, n in self.api.asked if v in verbs and plural in kinds]
