"""``python -m hack.integrations.argocd`` writes integrations/argocd/argocd-cm.yaml from the Lua
scripts beside it.

``--check`` only compares: it exits with 0 if the file is up to date, with 1 if it is stale.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Final

import yaml

from hack.generated import written
from hack.integrations import FILES
from hack.integrations.reader import Reader

Object = dict[str, Any]

FOLDER: Final = FILES / "argocd"
SCRIPTS: Final = FOLDER / "resource_customizations" / "echelon.dev"
SNIPPET: Final = FOLDER / "argocd-cm.yaml"
_HEAD: Final = """\
# Generated from the scripts in resource_customizations by `make integrations`. Do not edit.
#
# Health and actions of Jobs and Updates for Argo CD. Merge them into the ConfigMap argocd-cm:
#
#   kubectl -n argocd patch configmap argocd-cm --patch-file argocd-cm.yaml
data:
"""


class ArgoCD:
    """What Argo CD makes of an object with the snippet in its ConfigMap."""

    def __init__(self, snippet: str) -> None:
        data: dict[str, str] = yaml.safe_load(snippet)["data"]
        self._health = _below(data, "health")
        self._actions = {k: yaml.safe_load(v) for k, v in _below(data, "actions").items()}
        self._lua = Reader("argolua")

    def health(self, obj: Object) -> Object:
        """``{status, message}``. Raises ``ReadError`` if the script fails. Argo CD asks no script
        about an object that is being deleted."""
        if "deletionTimestamp" in obj["metadata"]:
            return {"status": "Progressing", "message": "Pending deletion"}
        asked = {"script": self._health[_key(obj)], "object": obj}
        found: Object = self._lua.ask(asked)["returned"]
        return found

    def actions(self, obj: Object) -> dict[str, bool]:
        """Each action of the object, and whether it is enabled."""
        asked = {"script": self._actions[_key(obj)]["discovery.lua"], "object": obj}
        found = self._lua.ask(asked)["returned"]
        return {name: not each.get("disabled") for name, each in found.items()}

    def run(self, obj: Object, action: str) -> list[Object]:
        """What the action wants done: ``{operation: patch | create, body}``."""
        defined = self._actions[_key(obj)]["definitions"]
        named = {each["name"]: each["action.lua"] for each in defined}
        asked = {"script": named[action], "object": obj, "action": True}
        found: list[Object] = self._lua.ask(asked).get("operations", [])
        return found

    def close(self) -> None:
        self._lua.close()


def _below(data: dict[str, str], what: str) -> dict[str, str]:
    """The customizations of a kind, by group and kind."""
    start = f"resource.customizations.{what}."
    return {k.removeprefix(start): v for k, v in data.items() if k.startswith(start)}


def _key(obj: Object) -> str:
    return f"{obj['apiVersion'].partition('/')[0]}_{obj['kind']}"


def snippet(scripts: Path = SCRIPTS) -> str:
    """The text of argocd-cm.yaml."""
    text = _HEAD
    for kind in sorted(scripts.iterdir()):
        key = f"{scripts.name}_{kind.name}"
        text += f"  resource.customizations.health.{key}: |\n"
        text += _indented(kind / "health.lua", 4)
        text += f"  resource.customizations.actions.{key}: |\n"
        text += "    discovery.lua: |\n" + _indented(kind / "actions" / "discovery.lua", 6)
        text += "    definitions:\n"
        for action in sorted((kind / "actions").glob("*/action.lua")):
            text += f"    - name: {action.parent.name}\n      action.lua: |\n"
            text += _indented(action, 8)
    return text


def _indented(script: Path, by: int) -> str:
    lines = script.read_text(encoding="utf-8").splitlines()
    return "".join(f"{' ' * by}{line}".rstrip() + "\n" for line in lines)


def main() -> int:
    """Write the files. With ``--check`` only print the stale ones."""
    return written(
        lambda: {SNIPPET: snippet()}, "Generate the snippet for Argo CD.", "make integrations"
    )


if __name__ == "__main__":
    sys.exit(main())
