"""The comparison of served CRDs with those of this version."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

from controller.api.crds import all_crds
from controller.api.schema import at
from controller.api.served import Differences, compare

Object = dict[str, Any]


def published(change: Callable[[Object], object] = lambda _: None, *kinds: str) -> Object:
    """What an API server publishes for the CRDs of this version; ``change`` alters the schema of
    each of ``kinds`` (by default Update)."""
    schemas = {}
    for crd in all_crds():
        kind = crd["spec"]["names"]["kind"]
        schema = deepcopy(crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"])
        schema["properties"]["metadata"] = {"allOf": [{"$ref": "#/…/ObjectMeta"}]}
        if kind in (kinds or ("Update",)):
            change(schema)
        known = {"group": "echelon.dev", "kind": kind, "version": "v1alpha1"}
        schemas[f"dev.echelon.v1alpha1.{kind}"] = schema | {
            "x-kubernetes-group-version-kind": [known]
        }
    schemas["io.k8s.apimachinery.pkg.apis.meta.v1.Status"] = {"type": "object"}
    return {"components": {"schemas": schemas}}


def without(path: str) -> Callable[[Object], object]:
    parent, _, name = path.rpartition(".")
    return lambda schema: at(schema, parent)["properties"].pop(name)


def test_the_crds_of_this_version_fit() -> None:
    found = compare(published())
    assert found == Differences()
    assert (found.obstacle, list(found.notes())) == (None, [])


def test_without_crds_no_job_can_be_served() -> None:
    found = compare({})
    assert found.absent == ("echelonjobs.echelon.dev", "updates.echelon.dev")
    assert found.obstacle is not None
    assert "does not serve echelonjobs.echelon.dev and updates.echelon.dev" in found.obstacle


def test_jobs_are_served_without_the_kind_maintenance() -> None:
    schemas = published()["components"]["schemas"]
    del schemas["dev.echelon.v1alpha1.Maintenance"]
    found = compare({"components": {"schemas": schemas}})
    assert (found.absent, found.apart) == ((), ("maintenances.echelon.dev",))
    assert found.obstacle is None
    (note,) = found.notes()
    assert "Maintenances need more (maintenances.echelon.dev)" in note


def test_a_field_of_a_maintenance_that_would_be_lost_is_no_obstacle_for_jobs() -> None:
    found = compare(published(without("status.counts"), "Maintenance"))
    assert (found.lost, found.apart) == ((), ("maintenances.status.counts",))
    assert found.obstacle is None


def test_a_field_that_the_operator_writes_is_lost() -> None:
    found = compare(published(without("status.engineVersion")))
    assert (found.lost, found.missing, found.newer) == (("updates.status.engineVersion",), (), ())
    assert found.obstacle is not None
    assert "they lack fields that it writes (updates.status.engineVersion)" in found.obstacle


def test_a_field_of_an_item_and_of_the_spec_that_the_operator_writes_are_lost() -> None:
    for path in ("status.failures[].node", "spec.force"):
        found = compare(published(without(path)))
        assert found.lost == (f"updates.{path}",)


def test_a_phase_that_the_api_server_would_refuse_is_lost() -> None:
    def fewer(schema: Object) -> None:
        at(schema, "status.phase")["enum"].remove("Planned")

    assert "updates.status.phase=Planned" in compare(published(fewer)).lost


def test_a_field_that_only_users_set_is_missing() -> None:
    found = compare(published(without("spec.minReadySeconds"), "EchelonJob"))
    assert (found.lost, found.missing) == ((), ("echelonjobs.spec.minReadySeconds",))
    assert found.obstacle is None
    (note,) = found.notes()
    assert "users cannot set some fields (echelonjobs.spec.minReadySeconds)" in note


def test_more_fields_and_words_are_newer() -> None:
    def more(schema: Object) -> None:
        at(schema, "spec")["properties"]["speed"] = {"type": "integer"}
        at(schema, "spec.update.mode")["enum"].append("Sometimes")

    found = compare(published(more, "EchelonJob"))
    assert found.newer == ("echelonjobs.spec.update.mode=Sometimes", "echelonjobs.spec.speed")
    assert found.obstacle is None
    (note,) = found.notes()
    assert "is left alone" in note


def test_a_node_that_keeps_unknown_fields_loses_none() -> None:
    def free(schema: Object) -> None:
        status = at(schema, "status")
        status["properties"], status["x-kubernetes-preserve-unknown-fields"] = {}, True

    assert compare(published(free)).lost == ()


def test_a_message_names_few_fields() -> None:
    def none(schema: Object) -> None:
        at(schema, "status")["properties"] = {}

    found = compare(published(none))
    assert len(found.lost) > 20
    assert found.obstacle is not None
    assert f"and {len(found.lost) - 5} more" in found.obstacle
