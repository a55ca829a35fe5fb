from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest

from controller.api.gate import Gate, Scope
from controller.core.verdicts.answer import Answer, Verdict, inconclusive
from controller.gates import job
from controller.gates.asker import Asker
from controller.gates.context import Context
from tests.unit.gates.conftest import Api
from tests.values import replace

JOBS = "/apis/batch/v1/namespaces/ns/jobs"
PODS = "/api/v1/namespaces/ns/pods"
TEMPLATE: dict[str, Any] = {
    "metadata": {"labels": {"team": "a", "echelon.dev/job": "other"}, "name": "ignored"},
    "spec": {
        "backoffLimit": 1,
        "template": {
            "metadata": {"labels": {"echelon.dev/job": "web", "x": "y"}},
            "spec": {
                "restartPolicy": "Never",
                "containers": [
                    {"name": "test", "image": "i", "args": ["{{echelon.revision}}", "{{other}}"]}
                ],
            },
        },
    },
}


def gate(name: str = "smoke", template: Any = None) -> Gate:
    return Gate.model_validate({"name": name, "job": {"template": template or TEMPLATE}})


def end(api: Api, context: Context, kind: str, **more: str) -> None:
    path = f"{JOBS}/{job.name_of(gate(), context)}"
    condition = {"type": kind, "status": "True", **more}
    api.objects[path]["status"] = {"conditions": [condition]}


def put_pod(api: Api, name: str, created: str, phase: str = "Failed", **status: Any) -> None:
    api.objects[f"{PODS}/{name}"] = {
        "metadata": {"name": name, "creationTimestamp": created},
        "spec": {"containers": [{"name": "test"}, {"name": "helper"}]},
        "status": {"phase": phase, **status},
    }


async def test_it_is_made_once_and_then_read(asker: Asker, context: Context, api: Api) -> None:
    assert await asker.ask(gate(), context) == inconclusive("running")
    assert await asker.ask(gate(), context) == inconclusive("running")
    assert api.count("POST") == 1
    (made,) = [seen.body for seen in api.seen if seen.method == "POST"]
    metadata = made["metadata"]
    assert (made["apiVersion"], made["kind"]) == ("batch/v1", "Job")
    assert metadata["name"] == job.name_of(gate(), context)
    assert metadata["ownerReferences"] == [
        {
            "apiVersion": "echelon.dev/v1alpha1",
            "kind": "Update",
            "name": "web-g2",
            "uid": "u-1",
            "controller": True,
        }
    ]
    assert metadata["labels"] == {
        "team": "a",
        "echelon.dev/job": "web",
        "echelon.dev/update": "u-1",
        "echelon.dev/gate": "smoke",
        "app.kubernetes.io/managed-by": "echelon",
    }
    pod = made["spec"]["template"]
    assert pod["metadata"]["labels"] == {"x": "y"}
    assert pod["spec"]["containers"][0]["args"] == ["web-abc", "{{other}}"]
    assert TEMPLATE["metadata"]["name"] == "ignored"


def test_each_run_has_a_job_of_its_own(context: Context) -> None:
    name = job.name_of(gate(), context)
    assert name == job.name_of(gate(), replace(context, updated=()))
    others = [
        job.name_of(gate("other"), context),
        job.name_of(gate(), replace(context, update_uid="u-2")),
        job.name_of(gate(), replace(context, group=4)),
        job.name_of(gate(), replace(context, run="r2")),
    ]
    assert len({name, *others}) == 5
    long = job.name_of(gate("g" * 63), replace(context, job="j" * 49))
    for each in (name, *others, long):
        assert re.fullmatch(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", each)


@pytest.mark.parametrize(
    ("given", "scope", "kept"),
    [(None, "Batch", None), (None, "Continuous", 3600), (0, "Batch", 70), (900, "Final", 900)],
)
def test_an_ended_job_is_kept_until_the_gate_is_asked_again(
    context: Context, given: int | None, scope: str, kept: int | None
) -> None:
    spec = TEMPLATE["spec"] | ({} if given is None else {"ttlSecondsAfterFinished": given})
    made = gate(template=TEMPLATE | {"spec": spec}).model_copy(update={"scope": Scope(scope)})
    assert job.manifest(made, context)["spec"].get("ttlSecondsAfterFinished") == kept


async def test_it_passes_when_complete(asker: Asker, context: Context, api: Api) -> None:
    await asker.ask(gate(), context)
    end(api, context, "Complete")
    assert (await asker.ask(gate(), context)).verdict is Verdict.PASS


async def test_it_fails_with_the_end_of_the_log(asker: Asker, context: Context, api: Api) -> None:
    await asker.ask(gate(), context)
    end(api, context, "Failed", reason="BackoffLimitExceeded")
    put_pod(api, "smoke-1", "2026-01-01T00:00:00Z")
    ended = [
        {"name": "test", "state": {"terminated": {"exitCode": 0}}},
        {"name": "helper", "state": {"terminated": {"exitCode": 3}}},
    ]
    put_pod(api, "smoke-2", "2026-01-02T00:00:00Z", containerStatuses=ended)
    put_pod(api, "smoke-3", "2026-01-03T00:00:00Z", "Succeeded")
    api.logs[f"{PODS}/smoke-2/log"] = "first\n" + "x" * 5000 + "\nAssertionError: no\n"
    answer = await asker.ask(gate(), context)
    assert answer.verdict is Verdict.FAIL
    assert answer.message.startswith("the Job failed (BackoffLimitExceeded): …x")
    assert answer.message.endswith("x | AssertionError: no")
    listed = next(seen for seen in api.seen if seen.path == PODS)
    name = job.name_of(gate(), context)
    assert listed.query["labelSelector"] == f"batch.kubernetes.io/job-name={name}"
    asked = api.seen[-1].query
    assert (asked["container"], asked["tailLines"]) == ("helper", "10")


@pytest.mark.parametrize("status", [403, 404])
async def test_a_log_that_cannot_be_had_is_left_out(
    asker: Asker, context: Context, api: Api, status: int
) -> None:
    await asker.ask(gate(), context)
    end(api, context, "Failed", reason="BackoffLimitExceeded")
    expected = Answer(Verdict.FAIL, "the Job failed (BackoffLimitExceeded)", "Failed")
    assert await asker.ask(gate(), context) == expected
    api.fail("LIST", status)
    assert await asker.ask(gate(), context) == expected
    put_pod(api, "smoke-1", "2026-01-01T00:00:00Z")
    assert await asker.ask(gate(), context) == expected


async def test_a_slow_log_leaves_the_verdict(
    asker: Asker, context: Context, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    impatient = gate().model_copy(update={"interval_seconds": 1})
    await asker.ask(impatient, context)
    end(api, context, "Failed", reason="BackoffLimitExceeded")
    put_pod(api, "smoke-1", "2026-01-01T00:00:00Z")

    async def hang(*_: Any, **__: Any) -> str:
        await asyncio.sleep(60)
        return ""

    monkeypatch.setattr(job, "tail", hang)
    expected = Answer(Verdict.FAIL, "the Job failed (BackoffLimitExceeded)", "Failed")
    assert await asker.ask(impatient, context) == expected


async def test_a_job_that_appeared_meanwhile_is_read(
    asker: Asker, context: Context, api: Api
) -> None:
    await asker.ask(gate(), context)
    api.fail("GET", 404, reason="NotFound")
    assert await asker.ask(gate(), context) == inconclusive("running")
    assert api.count("POST") == 2


async def test_a_job_of_someone_else_gives_no_verdict(
    asker: Asker, context: Context, api: Api
) -> None:
    foreign_job = api.put(JOBS, job.name_of(gate(), context))
    foreign_job["status"] = {"conditions": [{"type": "Complete", "status": "True"}]}
    answer = await asker.ask(gate(), context)
    assert answer.verdict is Verdict.INCONCLUSIVE
    assert "does not belong to this Update" in answer.message


async def test_a_refusal_of_the_api_server_is_reported(
    asker: Asker, context: Context, api: Api
) -> None:
    api.fail("POST", 422, reason="Invalid", message="spec.template: Required value")
    answer = await asker.ask(gate(), context)
    assert answer == inconclusive("the API server: 422 Invalid: spec.template: Required value")


@pytest.mark.parametrize("template", [{"spec": None}, {"spec": []}, {"metadata": 3, "spec": {}}])
async def test_odd_templates_are_for_the_api_server_to_refuse(
    asker: Asker, context: Context, api: Api, template: Any
) -> None:
    assert (await asker.ask(gate(template=template), context)).message == "running"
    assert api.count("POST") == 1


@pytest.mark.parametrize(("own", "given"), [(None, 300), (60, 60), (900, 300)])
async def test_its_deadline_is_the_gates_or_its_own_if_shorter(
    context: Context, asker: Asker, api: Api, own: int | None, given: int
) -> None:
    spec = TEMPLATE["spec"] | ({} if own is None else {"activeDeadlineSeconds": own})
    made = gate(template={"spec": spec})
    assert job.manifest(made, context)["spec"]["activeDeadlineSeconds"] == given
    await asker.ask(made, context)
    end(api, context, "Failed", reason="DeadlineExceeded")
    answer = await asker.ask(made, context)
    if given == own:
        assert answer.verdict is Verdict.FAIL
    else:
        assert answer == inconclusive("the Job did not end within 300s")


def test_the_api_server_is_asked_about_it_without_an_owner(context: Context) -> None:
    asked = job.rehearsal(gate(), replace(context, update="", update_uid=""))
    assert asked["metadata"]["name"] == "web-dry-run"
    assert "ownerReferences" not in asked["metadata"]
    assert "echelon.dev/update" not in asked["metadata"]["labels"]
    assert asked["spec"] == job.manifest(gate(), context)["spec"]
