"""The CustomResourceDefinitions: names, subresources, printer columns and schemas."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from controller.api import claims, job, maintenance, reserved, rules, update
from controller.api import reserved_fields as later
from controller.api.kinds import JOBS, MAINTENANCES, UPDATES
from controller.api.meta import Model
from controller.api.overlay import Constraint, Overlay
from controller.api.schema import Schema, at, object_with, structural
from controller.resource import Resource

Column = dict[str, Any]

#: To kstatus a new object is "in progress" until the operator has observed it.
_NOT_OBSERVED: Final = {"observedGeneration": -1}

_READY: Final = '.status.conditions[?(@.type=="Ready")]'


def _column(name: str, path: str, kind: str, description: str, *, wide: bool = False) -> Column:
    column = {"name": name, "type": kind, "jsonPath": path, "description": description}
    return {**column, "priority": 1} if wide else column


_AGE: Final = _column("Age", ".metadata.creationTimestamp", "date", "Time since creation.")

JOB_COLUMNS: Final = (
    _column("Instances", ".spec.instances", "integer", "Desired number of instances."),
    _column("Ready", ".status.readyInstances", "integer", "Instances whose pod is Ready."),
    _column("Updated", ".status.updatedInstances", "integer", "Instances at the present template."),
    _column("Revision", ".status.currentRevision", "string", "Last completed revision."),
    _column("Status", f"{_READY}.reason", "string", "Reason of the condition Ready."),
    _column("Message", f"{_READY}.message", "string", "Message of the condition Ready."),
    _AGE,
    _column(
        "Available",
        ".status.availableInstances",
        "integer",
        "Instances Ready for minReadySeconds.",
        wide=True,
    ),
    _column("Template", ".status.updateRevision", "string", "Revision of the template.", wide=True),
    _column(
        "Update", ".status.activeUpdate.name", "string", "Name of the active Update.", wide=True
    ),
    _column(
        "Last", ".status.lastAttempt.outcome", "string", "Phase of the last Update.", wide=True
    ),
)

UPDATE_COLUMNS: Final = (
    _column("Job", ".spec.job", "string", "Name of the Job."),
    _column("Phase", ".status.phase", "string", "Phase of the Update."),
    _column("Updated", ".status.counts.updated", "integer", "Instances that are updated."),
    _column("Total", ".status.counts.total", "integer", "Instances that the Update covers."),
    _column("Failed", ".status.counts.failed", "integer", "Instances that failed."),
    _column("Batch", ".status.batch.instances", "string", "Ids of the instances in flight."),
    _column("Message", ".status.message", "string", "Why the Update is in its phase."),
    _AGE,
    _column("Reason", ".status.reason", "string", "The message as one word.", wide=True),
    _column("Back", ".status.counts.rolledBack", "integer", "Instances rolled back.", wide=True),
    _column("Revision", ".status.to.revision", "string", "Revision to update to.", wide=True),
    _column("Finished", ".status.finishedAt", "date", "When the Update ended.", wide=True),
    _column("Source", ".status.to.source", "string", "Source of the revision.", wide=True),
)

MAINTENANCE_COLUMNS: Final = (
    _column("Phase", ".status.phase", "string", "Phase of the Maintenance."),
    _column("Finished", ".status.counts.finished", "integer", "Nodes drained or deactivated."),
    _column("Nodes", ".status.counts.nodes", "integer", "Nodes that the Maintenance names."),
    _column("Draining", ".status.counts.draining", "integer", "Nodes that are being drained."),
    _column("Message", f"{_READY}.message", "string", "Message of the condition Ready."),
    _AGE,
    _column("Reason", f"{_READY}.reason", "string", "The message as one word.", wide=True),
    _column("Mode", ".spec.mode", "string", "Drain (if empty) or Deactivate.", wide=True),
    _column("Instances", ".status.counts.instances", "integer", "Instances to move.", wide=True),
    _column("Pods", ".status.counts.pods", "integer", "Other pods to evict.", wide=True),
)

#: The properties whose default the API server fills in: those of version 0.1.0. No later field of a
#: spec is added here, because under newer CRDs an older operator would find it in every Job, and
#: leave all of them alone; the operator applies the default of the model itself.
_DEFAULTS: Final = {
    "spec": (
        "type",
        "instances",
        "minReadySeconds",
        "update",
        "revisionHistoryLimit",
        "updateHistoryLimit",
    ),
    "spec.update": (
        "mode",
        "strategy",
        "replacement",
        "readyTimeoutSeconds",
        "terminationTimeoutSeconds",
        "maxFailuresPerInstance",
        "maxFailedInstances",
        "rollbackOnFailure",
        "gates",
        "watchAfterSeconds",
    ),
}


#: Lists of the spec that are kept as they are written, because revisions store them so.
_ITEMS: Final[dict[str, tuple[type[Model], str]]] = {
    "overlays": (Overlay, "name"),
    "constraints": (Constraint, "key"),
}


def _template() -> Schema:
    """A pod template. It lists only the fields that rules need and preserves all others, so that
    fields of a newer Kubernetes are not lost."""
    containers = {
        "type": "array",
        "minItems": 1,
        "maxItems": 1000,
        "description": "Containers of the pods; see `kubectl explain pod.spec.containers`.",
        "items": object_with(
            "name", name={"type": "string", "description": "Name of the container; a DNS label."}
        ),
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["name"],
    }
    restart = {
        "type": "string",
        "maxLength": 64,
        "nullable": True,
        "description": "Must be Always or absent for type Service, whose instances run for ever, "
        "and Never or absent for types Cron and Adhoc.",
    }
    metadata = {
        **object_with(),
        "nullable": True,
        "description": "Labels and annotations of the pods; other metadata is ignored.",
    }
    spec = {
        **object_with("containers", containers=containers, restartPolicy=restart),
        "description": "Specification of the pods; see `kubectl explain pod.spec`.",
    }
    # A revision is the JSON of the template, with what else shapes the pods under this key.
    words = "Reserved for what a revision keeps beside the template; leave it out."
    reserved_key = {**object_with(), "description": words}
    return object_with("spec", metadata=metadata, spec=spec, echelon=reserved_key)


def job_schema() -> Schema:
    """The schema of Job, without its CEL rules."""
    schema = structural(job.Job, _DEFAULTS)
    template = at(schema, "spec.template")
    template.update(_template())
    for name, (item, key) in _ITEMS.items():
        items = at(schema, f"spec.{name}")
        items["items"] = structural(item, {})
        items |= {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": [key]}
    at(schema, "spec.volumeClaimTemplates")["items"] = claims.template_schema()
    return _root(schema)


def update_schema() -> Schema:
    """The schema of Update, without its CEL rules."""
    return _root(structural(update.Update, {"spec": ["action"]}))


def maintenance_schema() -> Schema:
    """The schema of Maintenance, without its CEL rules."""
    return _root(structural(maintenance.Maintenance, {}))


def _root(schema: Schema) -> Schema:
    properties = schema["properties"]
    # The API server estimates the cost of the rules from this length; it allows no longer name.
    name = {"type": "string", "maxLength": 253}
    properties["metadata"] = {"type": "object", "properties": {"name": name}}
    properties["apiVersion"] = {"type": "string", "description": "API group and version."}
    properties["kind"] = {"type": "string", "description": "Kind of the object."}
    properties["status"]["default"] = _NOT_OBSERVED
    schema["required"] = ["spec"]
    return schema


def _add(schema: Schema, added: rules.Rules) -> None:
    for path, those in added.items():
        node = at(schema, path)
        node.setdefault("x-kubernetes-validations", []).extend(rule.wire() for rule in those)


def _crd(
    resource: Resource,
    short: str,
    schema: Schema,
    columns: tuple[Column, ...],
    subresources: Schema,
) -> Schema:
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{resource.plural}.{resource.group}"},
        "spec": {
            "group": resource.group,
            "scope": "Namespaced" if resource.namespaced else "Cluster",
            "names": {
                "kind": resource.kind,
                "listKind": f"{resource.kind}List",
                "plural": resource.plural,
                "singular": resource.kind.lower(),
                "shortNames": [short],
                "categories": ["echelon"],
            },
            "versions": [
                {
                    "name": resource.version,
                    "served": True,
                    "storage": True,
                    "additionalPrinterColumns": list(columns),
                    "subresources": subresources,
                    "schema": {"openAPIV3Schema": schema},
                }
            ],
        },
    }


def job_crd() -> Schema:
    """echelonjobs.echelon.dev."""
    schema = job_schema()
    _add(schema, rules.JOB)
    _add(schema, reserved.refuse(schema, later.JOB_SPEC, later.JOB_WORDS))
    reserved.keep(schema, later.JOB_STATUS, {})
    scale = {
        "specReplicasPath": ".spec.instances",
        "statusReplicasPath": ".status.instances",
        "labelSelectorPath": ".status.selector",
    }
    return _crd(JOBS, "ejob", schema, JOB_COLUMNS, {"status": {}, "scale": scale})


def update_crd() -> Schema:
    """updates.echelon.dev."""
    schema = update_schema()
    _add(schema, rules.UPDATE)
    _add(schema, reserved.refuse(schema, later.UPDATE_SPEC, later.UPDATE_WORDS))
    reserved.keep(schema, {}, later.UPDATE_STATUS_WORDS)
    return _crd(UPDATES, "eup", schema, UPDATE_COLUMNS, {"status": {}})


def maintenance_crd() -> Schema:
    """maintenances.echelon.dev."""
    schema = maintenance_schema()
    _add(schema, rules.MAINTENANCE)
    return _crd(MAINTENANCES, "emaint", schema, MAINTENANCE_COLUMNS, {"status": {}})


def all_crds() -> Iterator[Schema]:
    """All of Echelon's CustomResourceDefinitions."""
    yield job_crd()
    yield update_crd()
    yield maintenance_crd()
