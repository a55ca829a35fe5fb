"""``python -m hack.integrations.kustomize`` writes integrations/kustomize/schema.json, by which
kustomize merges lists in patches.

A schema of one's own replaces the one that kustomize has built in. So this one has the kinds of
Kubernetes, too: of the OpenAPI document that the API server publishes, from the module of
Kubernetes that the local control plane is built from, all that leads to a merge key; and which
kinds have a namespace. The kinds of Echelon come from crds/. ``--check`` only compares: it exits
with 0 if the file is up to date, with 1 if it is stale.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import yaml

from hack.devcluster.build import HERE as DEVCLUSTER
from hack.generated import written
from hack.integrations import FILES, ROOT

Schema = dict[str, Any]

FILE: Final = FILES / "kustomize" / "schema.json"
_GVK: Final = "x-kubernetes-group-version-kind"
_KEY: Final = "x-kubernetes-patch-merge-key"
_STRATEGY: Final = "x-kubernetes-patch-strategy"
_KEYS: Final = "x-kubernetes-list-map-keys"
_REF: Final = "#/definitions/"
_META: Final = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
#: Fields of our kinds that hold an object of Kubernetes, or a list of them: their definitions.
_CORE: Final = {
    "spec.template": "io.k8s.api.core.v1.PodTemplateSpec",
    "spec.update.gates[].job.template": "io.k8s.api.batch.v1.JobTemplateSpec",
    "spec.policy.gates[].job.template": "io.k8s.api.batch.v1.JobTemplateSpec",
    "spec.migrations[].container": "io.k8s.api.core.v1.Container",
}


def schema() -> str:
    """The text of the file: a definition, or a path, on a line."""
    document = json.loads((kubernetes() / "api/openapi-spec/swagger.json").read_text())
    known: dict[str, Schema] = document["definitions"] | _ours()
    kinds = sorted(name for name, each in known.items() if _resource(each))
    kept: dict[str, Schema] = {}
    for name in kinds:
        _keep(name, known, kept)
    paths = _paths(document["paths"]) | dict(_our_path(crd) for crd in _crds())
    info = {"title": "Merge keys of Kubernetes and Echelon", "version": "v1alpha1"}
    return (
        f'{{"swagger": "2.0", "info": {json.dumps(info)},\n'
        f'"definitions": {_lines(kept)},\n"paths": {_lines(paths)}}}\n'
    )


def _lines(found: dict[str, Any]) -> str:
    return (
        "{\n" + ",\n".join(f"{json.dumps(k)}: {json.dumps(found[k])}" for k in sorted(found)) + "}"
    )


def kubernetes() -> Path:
    """The folder of the module of Kubernetes that the control plane is built from."""
    command = ["go", "mod", "download", "-json", "k8s.io/kubernetes"]
    done = subprocess.run(command, cwd=DEVCLUSTER, capture_output=True, text=True, check=True)
    return Path(json.loads(done.stdout)["Dir"])


def _resource(definition: Schema) -> bool:
    """Whether it is of a kind that a manifest can have."""
    named = definition.get(_GVK, ())
    return len(named) == 1 and "metadata" in definition.get("properties", {})


def _keep(name: str, known: dict[str, Schema], kept: dict[str, Schema]) -> bool:
    """Put what leads to a merge key of a definition into ``kept``. Returns whether anything
    does."""
    if name not in kept:
        kept[name] = {}  # A definition that leads to itself leads nowhere by that.
        kept[name] = _pruned(known[name], known, kept)
        if not kept[name]:
            del kept[name]
            return False
    return bool(kept[name])


def _pruned(node: Schema, known: dict[str, Schema], kept: dict[str, Schema]) -> Schema:
    """What leads to a merge key of a schema; {} if nothing does."""
    if reference := node.get("$ref"):
        leads = _keep(reference.removeprefix(_REF), known, kept)
        return {"$ref": reference} if leads else {}
    made: Schema = {k: node[k] for k in (_KEY, _STRATEGY, _KEYS) if k in node and _STRATEGY in node}
    fields = {k: _pruned(v, known, kept) for k, v in node.get("properties", {}).items()}
    if fields := {k: v for k, v in fields.items() if v}:
        made["properties"] = fields
    for inner in ("items", "additionalProperties"):
        if isinstance(node.get(inner), dict) and (found := _pruned(node[inner], known, kept)):
            made[inner] = found
    if made:
        made |= {k: node[k] for k in ("type", _GVK) if k in node}
    return made


def _paths(paths: dict[str, Schema]) -> dict[str, Schema]:
    """One path of each kind, which tells whether it has a namespace."""
    found: dict[tuple[str, ...], str] = {}
    for path, operations in sorted(paths.items()):
        named = operations.get("get", {}).get(_GVK)
        if named is None or "/watch/" in path or path.endswith("}"):
            continue
        about = (named["group"], named["version"], named["kind"])
        if about not in found or "{namespace}" in path:
            found[about] = path
    return {path: _get(paths[path]["get"][_GVK]) for path in found.values()}


def _get(named: Schema) -> Schema:
    return {"get": {_GVK: named, "responses": {}}}


def _our_path(crd: Schema) -> tuple[str, Schema]:
    version, names = crd["spec"]["versions"][0]["name"], crd["spec"]["names"]
    place = "namespaces/{namespace}/" if crd["spec"]["scope"] == "Namespaced" else ""
    path = f"/apis/echelon.dev/{version}/{place}{names['plural']}"
    return path, _get({"group": "echelon.dev", "version": version, "kind": names["kind"]})


def _crds() -> Iterator[Schema]:
    for path in sorted((ROOT / "crds").glob("*.yaml")):
        yield yaml.safe_load(path.read_text(encoding="utf-8"))


def _ours() -> dict[str, Schema]:
    """The definitions of our kinds."""
    found = {}
    for crd in _crds():
        version, kind = crd["spec"]["versions"][0], crd["spec"]["names"]["kind"]
        root = version["schema"]["openAPIV3Schema"]
        fields = {k: v for k, v in root["properties"].items() if k not in ("metadata", "status")}
        named = {"group": "echelon.dev", "version": version["name"], "kind": kind}
        found[f"dev.echelon.{version['name']}.{kind}"] = {
            "type": "object",
            "properties": {
                "metadata": {"$ref": f"{_REF}{_META}"},
                **{name: _of_crd(field, name) for name, field in fields.items()},
            },
            _GVK: [named],
        }
    return found


def _of_crd(node: Schema, path: str) -> Schema:
    """A schema of a CRD as one of a built-in kind: a list that is a map merges by its key."""
    if path in _CORE:
        return {"$ref": _REF + _CORE[path]}
    made: Schema = {k: node[k] for k in ("type",) if k in node}
    if node.get("x-kubernetes-list-type") == "map":
        made |= {_STRATEGY: "merge", _KEY: node[_KEYS][0]}
    if "properties" in node:
        fields = node["properties"].items()
        made["properties"] = {k: _of_crd(v, f"{path}.{k}") for k, v in fields}
    if "items" in node:
        made["items"] = _of_crd(node["items"], f"{path}[]")
    return made


def main() -> int:
    """Write the files. With ``--check`` only print the stale ones."""
    return written(
        lambda: {FILE: schema()}, "Generate the schema for kustomize.", "make integrations"
    )


if __name__ == "__main__":
    sys.exit(main())
