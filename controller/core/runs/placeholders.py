"""Placeholders in the template of a run.

All pods of a run have one template, so ``{{echelon.instance}}`` becomes a reference to the variable
that every pod has. Kubernetes expands it in `command`, `args`, the values of variables and
`subPathExpr`, and nowhere else: elsewhere the placeholder is refused (contract part 2 §9).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from controller.api import labels
from controller.core.revisions.placeholders import PLACEHOLDER

Path = tuple[str | int, ...]

_REFERENCE: Final = f"$({labels.ENV_INSTANCE})"
_CONTAINERS: Final = ("containers", "initContainers")
#: Below a container; any number stands for a place in a list.
_EXPANDED: Final = frozenset(
    {
        ("command", 0),
        ("args", 0),
        ("env", 0, "value"),
        ("volumeMounts", 0, "subPathExpr"),
    }
)


class InvalidRunError(ValueError):
    """The template cannot be that of a run. The text names the field and the mend. ``path``: of the
    field, below the template; ``why``: the text without the field."""

    def __init__(self, path: Path, why: str) -> None:
        where = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
        super().__init__(f"template{where}: {why}")
        self.path = path
        self.why = why


def filled(node: Any, values: Mapping[str, str], path: Path = ()) -> Any:
    """A copy of a pod template with the placeholders in its strings replaced, but not in keys.
    ``values``: of all placeholders but the instance. Raises `InvalidRunError`."""
    if isinstance(node, str):
        return _text(node, values, path) if "{{" in node else node
    if isinstance(node, dict):
        return {key: filled(value, values, (*path, key)) for key, value in node.items()}
    if isinstance(node, list):
        return [filled(item, values, (*path, place)) for place, item in enumerate(node)]
    return node


def _text(text: str, values: Mapping[str, str], path: Path) -> str:
    if not _is_expanded(path) and any(m[1] == "instance" for m in PLACEHOLDER.finditer(text)):
        raise InvalidRunError(
            path,
            "all pods of a run have one template, so {{echelon.instance}} is allowed in command, "
            "args, values of env and subPathExpr only; use it there, or the variable "
            f"{labels.ENV_INSTANCE} in the program",
        )
    return PLACEHOLDER.sub(lambda m: values.get(m[1], _REFERENCE), text)


def _is_expanded(path: Path) -> bool:
    """Whether Kubernetes expands references to variables here."""
    if len(path) < 4 or path[0] != "spec" or path[1] not in _CONTAINERS:
        return False
    return tuple(0 if isinstance(p, int) else p for p in path[3:]) in _EXPANDED
