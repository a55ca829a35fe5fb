"""``python -m hack.merge_keys`` writes controller/core/overlays/merge_keys.py: by which keys a
strategic merge patch of a pod template merges lists.

The table comes from the OpenAPI document that the API server publishes, in the module of Kubernetes
that the local control plane is built from. ``--check`` only compares: it exits with 0 if the file
is up to date, with 1 if it is stale.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, Final

from controller.core.overlays.fields import UNKNOWN, Field, MapOf
from hack.generated import ROOT, written
from hack.integrations.kustomize import kubernetes

Schema = dict[str, Any]

FILE: Final = ROOT / "controller" / "core" / "overlays" / "merge_keys.py"
_SPEC: Final = "api/openapi-spec/v3/api__v1_openapi.json"
_REF: Final = "#/components/schemas/"
_ROOT_TYPE: Final = "PodTemplateSpec"
_STRATEGY: Final = "x-kubernetes-patch-strategy"
_KEY: Final = "x-kubernetes-patch-merge-key"
_KEYS: Final = "x-kubernetes-list-map-keys"
#: ``retainKeys`` is about patches that kubectl makes; who applies a patch obeys its directives.
_STRATEGIES: Final = frozenset({"merge", "retainKeys"})
#: Objects that the API server stores because its defaults say so, not its types: the document does
#: not show them (`SetDefaults_PodSpec` of k8s.io/kubernetes/pkg/apis/core/v1).
_DEFAULTED: Final = frozenset({("PodSpec", "securityContext")})

_HEAD: Final = '''"""How lists of a pod template are merged. `hack.merge_keys` writes this file.

The table is part of v1alpha1: a patch means the same on every version of Kubernetes.
"""

from __future__ import annotations

from typing import Final

from controller.core.overlays.fields import Definitions, Field

ROOT: Final = "PodTemplateSpec"
DEFINITIONS: Final[Definitions] = {
'''


def module() -> str:
    """The text of the file."""
    document = json.loads((kubernetes() / _SPEC).read_text(encoding="utf-8"))
    known: dict[str, Schema] = document["components"]["schemas"]
    kept = _interesting(_tables(known))
    text = _HEAD + "".join(_written(name, kept[name]) for name in sorted(kept)) + "}\n"
    command = [sys.executable, "-m", "ruff", "format", "--stdin-filename", FILE.name, "-"]
    return subprocess.run(
        command, cwd=ROOT, input=text, capture_output=True, text=True, check=True
    ).stdout


def _tables(known: dict[str, Schema]) -> dict[str, dict[str, Field]]:
    """The fields of all definitions that a pod template leads to."""
    names = {name.rpartition(".")[2]: name for name in known if name.startswith("io.k8s.api.core.")}
    tables: dict[str, dict[str, Field]] = {}
    waiting = [names[_ROOT_TYPE]]
    while waiting:
        name = waiting.pop()
        short = name.rpartition(".")[2]
        if short in tables:
            continue
        properties = known[name].get("properties", {})
        tables[short] = {k: _field(short, k, properties[k], known) for k in sorted(properties)}
        waiting += [found for each in properties.values() if (found := _referred(each))]
    return tables


def _field(owner: str, name: str, node: Schema, known: dict[str, Schema]) -> Field:
    strategies = frozenset(filter(None, node.get(_STRATEGY, "").split(",")))
    if unknown := strategies - _STRATEGIES:
        raise ValueError(f"{owner}.{name}: unknown patch strategy {min(unknown)}")
    reference = _referred(node)
    values = known[reference].get("properties", {}) if reference else {}
    is_object = bool(values) and "items" not in node
    return Field(
        type=reference.rpartition(".")[2],
        merged="merge" in strategies,
        key=node.get(_KEY, ""),
        also=tuple((k, values[k].get("default", "")) for k in _others(node)),
        map_of=_map_of(node.get("additionalProperties")),
        present=(is_object and node.get("default") == {}) or (owner, name) in _DEFAULTED,
    )


def _map_of(values: Schema | None) -> MapOf:
    if values is None:
        return ""
    return "quantities" if _referred(values).endswith(".Quantity") else "strings"


def _others(node: Schema) -> list[str]:
    """What identifies an item of a merged list besides its merge key."""
    key = node.get(_KEY)
    return [other for other in node.get(_KEYS, ()) if key and other != key]


def _referred(node: Schema) -> str:
    """The definition of a value, or of the items of a list; "" if it is none."""
    node = node.get("items", node)
    found: str = (node.get("allOf") or [node])[0].get("$ref", "")
    return found.removeprefix(_REF)


def _interesting(tables: dict[str, dict[str, Field]]) -> dict[str, dict[str, Field]]:
    """The fields of which a merge has to know something, and those that lead to them."""
    kept: dict[str, dict[str, Field]] = {}
    size = -1
    while size != (size := sum(len(table) for table in kept.values())):
        for name, table in tables.items():
            found = {k: _known(field, kept) for k, field in table.items()}
            if found := {k: field for k, field in found.items() if field != UNKNOWN}:
                kept[name] = found
    return kept


def _known(field: Field, kept: dict[str, dict[str, Field]]) -> Field:
    return field if field.type in kept else replace(field, type="")


def _written(name: str, table: dict[str, Field]) -> str:
    lines = "".join(f"        {json.dumps(k)}: {_constructed(table[k])},\n" for k in table)
    return f"    {json.dumps(name)}: {{\n{lines}    }},\n"


def _constructed(field: Field) -> str:
    """The call that makes the field."""
    values = {f.name: getattr(field, f.name) for f in fields(field)}
    given = {k: v for k, v in values.items() if v != getattr(UNKNOWN, k)}
    call = ", ".join(f"{k}={_literal(v)}" for k, v in given.items())
    return f"Field({call})"


def _literal(value: Any) -> str:
    if isinstance(value, tuple):
        items = ", ".join(_literal(each) for each in value)
        return f"({items},)" if len(value) == 1 else f"({items})"
    return json.dumps(value) if isinstance(value, str) else repr(value)


def main() -> int:
    """Write the file. With ``--check`` only say whether it is stale."""
    texts: dict[Path, str | None] = {FILE: module()}
    return written(lambda: texts, "Generate the table of merge keys.", "make merge-keys")


if __name__ == "__main__":
    sys.exit(main())
