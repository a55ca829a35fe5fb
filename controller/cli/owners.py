"""Who owns which field of an object, as its ``managedFields`` say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from controller.api.labels import FIELD_MANAGER

Object = dict[str, Any]

#: The field manager of what this program writes; `echelon` in a history is the operator.
MANAGER: Final = "kubectl-echelon"
#: What this program called itself before.
_EARLIER: Final = "echelon"
#: The manager of what people do on the web page.
_PAGE: Final = "echelon-ui"
#: Managers that act for a person who is there; what they wrote, nobody writes again.
_BY_HAND: Final = (
    _EARLIER,
    _PAGE,
    "kubectl",
    "k9s",
    "Mozilla",
    "node-fetch",
    "unknown",
    "before-first-apply",
)
#: Manager -> what it is, for those whose name does not say it.
_KNOWN: Final = {
    "kube-controller-manager": "an autoscaler",
    "argocd-controller": "Argo CD",
    "argocd-application-controller": "Argo CD",
    "kustomize-controller": "Flux",
    "helm-controller": "Flux",
    "helm": "Helm",
    "Helm": "Helm",
    "kubectl-client-side-apply": "kubectl apply",
}


def applier(stored: Object | None) -> str:
    """The manager with which a manifest is applied to the object that is stored, if there is one.

    An object that was applied under the earlier name keeps it: under another name the apply would
    be in conflict with this program itself, and would not remove what the manifest leaves out.
    """
    entries = _entries(stored) if stored else ()
    earlier = any(
        each.get("manager") == _EARLIER and each.get("operation") == "Apply" for each in entries
    )
    return _EARLIER if earlier else MANAGER


def called(manager: str) -> str:
    """A manager as people know it: ``argocd-controller (Argo CD)``."""
    return f"{manager} ({_KNOWN[manager]})" if manager in _KNOWN else manager


def is_by_hand(manager: str) -> bool:
    """Whether a person wrote with this manager, and no program that may write the same again."""
    return manager.startswith(_BY_HAND)


def owners(obj: Object, *path: str) -> list[str]:
    """The managers that own the field at ``path``, or a field in it: ``owners(job, "spec",
    "update")``. The operator is left out."""
    found = [str(entry.get("manager", "")) for entry in _entries(obj) if _owns(entry, path)]
    return list(dict.fromkeys(name for name in found if name != FIELD_MANAGER))


def programs(obj: Object, *path: str) -> list[str]:
    """The managers of the field at ``path``, or of a field in it, that may write it again."""
    return [name for name in owners(obj, *path) if not is_by_hand(name)]


def by_hand(obj: Object) -> Iterator[Object]:
    """The entries of ``managedFields`` of people who used another program than this one. What they
    scaled is left out: a manifest without ``instances`` leaves that to them."""
    for entry in _entries(obj):
        manager = str(entry.get("manager", ""))
        own = manager in (MANAGER, _EARLIER, _PAGE)
        if is_by_hand(manager) and not own and not entry.get("subresource"):
            yield entry


def _entries(obj: Object) -> Iterator[Object]:
    for entry in obj["metadata"].get("managedFields") or ():
        if entry.get("subresource") != "status":
            yield entry


def _owns(entry: Object, path: tuple[str, ...]) -> bool:
    fields: Any = entry.get("fieldsV1") or {}
    for step in path:
        fields = fields.get(f"f:{step}")
        if fields is None:
            return False
    return True
