"""Whether Argo CD and kstatus said the right thing of every version that a test brought about."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from hack.harness.conditions import others_wrote
from hack.harness.manifests import Object
from hack.integrations.argocd import SNIPPET, ArgoCD
from hack.integrations.contract import Said, versions
from hack.integrations.reader import Reader

#: What the health scripts and kstatus read.
_METADATA = ("name", "generation", "deletionTimestamp")
_STATUS = ("observedGeneration", "conditions", "message")


class Told:
    """Both tools, for one test after the other."""

    def __init__(self) -> None:
        self._argocd = ArgoCD(SNIPPET.read_text(encoding="utf-8"))
        self._kstatus = Reader("kstatus")

    def close(self) -> None:
        self._argocd.close()
        self._kstatus.close()

    def said(self, obj: Object) -> Said:
        """What both say of an object. Raises ``ReadError`` if one cannot read it."""
        return Said(self._kstatus.ask(obj)["status"], self._argocd.health(obj)["status"])

    def faults(self, objects: Iterable[Object]) -> Iterator[str]:
        """Versions of which one said something else than the contract. ``objects``: all versions of
        a namespace, in their order. What somebody else wrote into a status is not judged."""
        known: dict[str, Said] = {}
        for obj, expected in versions(objects):
            if others_wrote(obj):
                continue
            asked = _read(obj)
            key = json.dumps(asked, sort_keys=True)
            if key not in known:
                known[key] = self.said(asked)
            if known[key] not in expected:
                wanted = " or ".join(map(str, expected))
                yield f"{known[key]} is said, not {wanted}, of {json.dumps(_shown(obj))}"


def _read(obj: Object) -> Object:
    metadata = {k: v for k, v in obj["metadata"].items() if k in _METADATA}
    status = {k: v for k, v in obj.get("status", {}).items() if k in _STATUS}
    about = {"apiVersion": obj["apiVersion"], "kind": obj["kind"]}
    return {**about, "metadata": metadata, "status": status}


def _shown(obj: Object) -> Object:
    fields = ("phase", "reason", "activeUpdate", "assigned", "availableInstances")
    status = {k: v for k, v in obj.get("status", {}).items() if k in fields}
    return {**_read(obj), "is": status}
