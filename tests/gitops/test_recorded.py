"""Argo CD and kstatus say what the contract says of every version of every recorded object."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from controller.api.job import Job
from controller.api.update import Phase, Update
from controller.view.retry import Retry, retry_of
from controller.view.verbs import Change, Verb, judge
from hack.harness.manifests import Object, ids, phase
from hack.integrations.argocd import ArgoCD
from hack.integrations.contract import BAD, GOING, WELL, Said, versions
from hack.integrations.reader import Reader
from hack.integrations.recording import Recorded, read
from hack.integrations.stories import stories

RECORDED = list(read())
#: Verbs of an Update that are actions in Argo CD.
VERBS = tuple(Verb)


def said(obj: Object, kstatus: Reader, argocd: ArgoCD) -> Said:
    return Said(kstatus.ask(obj)["status"], argocd.health(obj)["status"])


@pytest.mark.parametrize("recorded", RECORDED, ids=lambda recorded: recorded.story)
def test_both_say_what_the_contract_says(
    recorded: Recorded, kstatus: Reader, argocd: ArgoCD
) -> None:
    for obj, expected in versions(recorded.versions):
        found = said(obj, kstatus, argocd)
        assert found in expected, obj


@pytest.mark.parametrize("recorded", [r for r in RECORDED if r.healthy], ids=lambda r: r.story)
def test_nothing_of_a_healthy_story_ever_failed(
    recorded: Recorded, kstatus: Reader, argocd: ArgoCD
) -> None:
    last: dict[str, Said] = {}
    for obj in recorded.versions:
        found = said(obj, kstatus, argocd)
        assert found != BAD, obj
        last[f"{obj['kind']}/{obj['metadata']['name']}"] = found
    assert {last[name] for name in recorded.present} <= {WELL}


def test_an_object_that_nobody_has_observed_is_in_progress(kstatus: Reader, argocd: ArgoCD) -> None:
    fresh = {"observedGeneration": -1}
    for kind in ("EchelonJob", "Update"):
        for status in ({"status": fresh}, {}):
            obj: Object = {
                "apiVersion": "echelon.dev/v1alpha1",
                "kind": kind,
                "metadata": {"name": "web", "generation": 1},
                "spec": {"job": "web"},
                **status,
            }
            assert argocd.health(obj)["status"] == "Progressing"
            if status:
                assert kstatus.ask(obj)["status"] == "InProgress"


def test_all_stories_and_phases_are_recorded() -> None:
    assert [each.story for each in RECORDED] == [each.name for each in stories("")]
    seen = {phase(obj) for each in RECORDED for obj in each.versions if obj["kind"] == "Update"}
    assert seen - {""} == set(Phase)


def test_a_hanging_deletion_is_recorded_of_both_kinds() -> None:
    kinds = set()
    for obj, expected in (each for one in RECORDED for each in versions(one.versions)):
        about = obj["metadata"]
        if "deletionTimestamp" in about and "example.com/archive" in about.get("finalizers", ()):
            kinds.add(obj["kind"])
            assert expected == {GOING}
    assert kinds == {"EchelonJob", "Update"}


def pairs() -> Iterator[tuple[Object, Object]]:
    """Each version of an Update, with its Job at that time."""
    for recorded in RECORDED:
        jobs: dict[str, Object] = {}
        for obj in recorded.versions:
            if obj["kind"] == "EchelonJob":
                jobs[obj["metadata"]["name"]] = obj
            elif obj["spec"]["job"] in jobs and "deletionTimestamp" not in obj["metadata"]:
                yield obj, jobs[obj["spec"]["job"]]


def test_the_actions_of_an_update_are_the_legal_verbs(argocd: ArgoCD) -> None:
    enabled: set[str] = set()
    for obj, _ in pairs():
        update = Update.model_validate(obj)
        found = argocd.actions(obj)
        judged = {verb: judge(verb, update, time.time()) for verb in VERBS}
        legal = {str(verb) for verb, each in judged.items() if isinstance(each, Change)}
        assert {name for name, yes in found.items() if yes and name != "retry"} == legal, obj
        enabled |= legal
    assert enabled == set(VERBS)


def test_an_action_writes_what_the_command_writes(argocd: ArgoCD) -> None:
    for obj, _ in pairs():
        update = Update.model_validate(obj)
        for verb in VERBS:
            judged = judge(verb, update, time.time())
            if not isinstance(judged, Change):
                continue
            (operation,) = argocd.run(obj, verb)
            assert operation["operation"] == "patch"
            body, wish = operation["body"], dict(judged.spec)
            written = body.get("spec", {})
            if "resumeToken" in wish:
                assert written.pop("resumeToken") != obj["spec"].get("resumeToken")
                wish.pop("resumeToken")
            assert written == wish
            assert set(body.get("metadata", {}).get("annotations", {})) == set(judged.annotations)
            assert set(body) <= {"spec", "metadata"}


def test_a_retry_of_an_update_is_that_of_the_command(argocd: ArgoCD) -> None:
    seen = 0
    for obj, owner in pairs():
        if "activeUpdate" in owner["status"] or not phase(obj):
            continue  # Another Update is active: a script sees its own object alone.
        wish = retry_of(Update.model_validate(obj), Job.model_validate(owner | _template()))
        if not isinstance(wish, Retry) and "no longer exist" in wish.why:
            continue  # Only the Job tells that it was scaled; the Update would be Rejected.
        assert argocd.actions(obj)["retry"] == isinstance(wish, Retry), obj
        if not isinstance(wish, Retry):
            continue
        seen += 1
        (operation,) = argocd.run(obj, "retry")
        assert operation["operation"] == "create"
        made, spec = operation["body"], wish.body["spec"]
        assert made["metadata"]["labels"] == wish.body["metadata"]["labels"]
        assert made["metadata"]["namespace"] == obj["metadata"]["namespace"]
        (reference,) = made["metadata"]["ownerReferences"]
        assert reference["uid"] == owner["metadata"]["uid"]
        assert ids(made["spec"].pop("instances")) == ids(spec.pop("instances"))
        # The command knows where the Job's instances are; a restart makes that no matter.
        assert made["spec"].pop("restart") is True
        spec.pop("restart", None)
        spec.pop("message")
        assert made["spec"].pop("message")
        assert made["spec"] == spec
    assert seen


def _template() -> Object:
    return {"spec": {"template": {"spec": {"containers": [{"name": "web", "image": "web:1"}]}}}}


def test_the_actions_of_a_job_need_a_free_job(argocd: ArgoCD) -> None:
    told: set[tuple[bool, bool]] = set()
    for recorded in RECORDED:
        for obj in recorded.versions:
            if obj["kind"] != "EchelonJob":
                continue
            found, status = argocd.actions(obj), obj["status"]
            free = "activeUpdate" not in status and "updateRevision" in status
            current = status["observedGeneration"] == obj["metadata"]["generation"]
            assert found["restart"] == (free and current)
            there = {each["revision"] for each in status.get("assigned", ())}
            missing = status.get("availableInstances", 0) != status.get("instancesInForce", 0)
            behind = bool(there - {status.get("updateRevision")}) or missing
            assert found["retry"] == (free and current and behind)
            told.add((found["restart"], found["retry"]))
    assert told == {(False, False), (True, False), (True, True)}


def test_without_a_status_no_script_fails(argocd: ArgoCD) -> None:
    for kind in ("EchelonJob", "Update"):
        obj: Object = {
            "apiVersion": "echelon.dev/v1alpha1",
            "kind": kind,
            "metadata": {"name": "web", "generation": 1},
            "spec": {"job": "web"},
        }
        assert set(argocd.actions(obj)) in ({"restart", "retry"}, {*map(str, VERBS), "retry"})
