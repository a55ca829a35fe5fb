"""When the Update of a Job's present template can be told."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from controller.api.job import Job
from controller.cli.exits import CliError, Exit
from controller.cli.session import Session
from controller.cli.update.current import current, is_settled, waits_in_vain
from controller.kube.errors import NotFound
from tests.unit.cli.fakes import a_job, an_update
from tests.unit.cli.fakes import session as having
from tests.unit.kube.fake import FakeApi
from tests.unit.view.raw import condition, job
from tests.unit.virtual import VirtualTime

Object = dict[str, Any]
JOBS = "/apis/echelon.dev/v1alpha1/namespaces/ns/echelonjobs"
UPDATES = "/apis/echelon.dev/v1alpha1/namespaces/ns/updates"

OLD = {"revision": "web-a", "update": "web-g1", "outcome": "RolledForward"}
OWNER = {
    "apiVersion": "echelon.dev/v1alpha1",
    "kind": "EchelonJob",
    "name": "web",
    "uid": "uid-web",
    "controller": True,
}
ACTIVE = {"name": "web-g1", "uid": "u"}


def made(*conditions: Any, **status: Any) -> Job:
    """A Job whose template was tried."""
    base: dict[str, Any] = {"updateRevision": "web-a", "lastAttempt": OLD}
    return job(3, *conditions, **{**base, **status})


def pending(reason: str) -> Any:
    return condition("UpdatePending", reason, "why")


@pytest.mark.parametrize(
    ("subject", "settled"),
    [
        (made(), True),
        (made(observedGeneration=1), False),
        (made(activeUpdate=ACTIVE), True),
        (made(lastAttempt=None), True),
        (made(updateRevision="web-b"), False),
        # The Update of the template before is about to be superseded.
        (made(updateRevision="web-b", activeUpdate=ACTIVE), False),
        (made(pending("TemplateChanged"), updateRevision="web-b"), False),
        # A person's Update is not superseded.
        (made(pending("UpdateActive"), updateRevision="web-b", activeUpdate=ACTIVE), True),
        (made(pending("RolledBack")), True),
    ],
)
def test_is_settled(subject: Job, settled: bool) -> None:
    assert is_settled(subject) is settled


@pytest.mark.parametrize(("reason", "code"), [("KnownBad", Exit.REJECTED), ("Manual", Exit.ERROR)])
def test_a_template_that_gets_no_update_is_an_error(reason: str, code: Exit) -> None:
    error = waits_in_vain(made(pending(reason), updateRevision="web-b"))
    assert error is not None
    assert error.code is code
    assert error.message == f"Job web waits with its present template ({reason}): why"
    assert error.hint


def test_a_refused_template_is_rejected() -> None:
    stalled = condition("Stalled", "InvalidTemplate")
    error = waits_in_vain(made(pending("InvalidTemplate"), stalled, updateRevision="web-b"))
    assert error is not None
    assert error.code is Exit.REJECTED


@pytest.mark.parametrize(
    "subject",
    [
        made(pending("TemplateChanged"), updateRevision="web-b"),
        made(pending("TemplateNotChecked"), updateRevision="web-b"),
        made(updateRevision="web-b"),
        made(pending("KnownBad"), updateRevision="web-b", observedGeneration=1),
    ],
)
def test_what_may_pass_in_a_moment_is_waited_for(subject: Job) -> None:
    assert waits_in_vain(subject) is None


@pytest.mark.parametrize("reason", ["Manual", "KnownBad", "InvalidTemplate"])
@pytest.mark.parametrize("phase", ["Pending", "RollingForward"])
async def test_the_update_of_a_person_needs_no_tried_template(reason: str, phase: str) -> None:
    waits = [condition("UpdatePending", reason), condition("Stalled", reason)]
    held = "web-restart-x" if phase == "RollingForward" else ""
    status = {"updateRevision": "web-b", "lastAttempt": OLD, "conditions": waits}
    found = having(
        a_job(active=held, **status),
        an_update("web-g1", second=1),
        an_update("web-restart-x", second=2, phase=phase),
    )
    assert (await current(found, "web"))["metadata"]["name"] == "web-restart-x"


async def test_the_update_of_the_operator_is_not_taken_for_that_of_a_refused_template() -> None:
    refused = [condition("UpdatePending", "InvalidTemplate", "no"), condition("Stalled", "x")]
    own = an_update("web-g1", phase="RollingForward")
    own["metadata"]["ownerReferences"] = [OWNER]
    status = {"updateRevision": "web-b", "lastAttempt": OLD, "conditions": refused}
    error = waits_in_vain(job(3, *refused, activeUpdate=ACTIVE, updateRevision="web-b"))
    assert error is not None
    assert "`echelon update watch eup/web-g1 -n shop`" in error.hint
    with pytest.raises(CliError, match="InvalidTemplate") as caught:
        await current(having(a_job(active="web-g1", **status), own), "web")
    assert caught.value.code is Exit.REJECTED


@pytest.mark.parametrize("text", ["update.echelon.dev/web-g1", "eup/web-g1", "web-g1"])
async def test_the_name_of_an_update_needs_no_job(text: str) -> None:
    found = having(an_update("web-g1"), errors={"EchelonJob": NotFound(404, "NotFound")})
    if text == "web-g1":  # it might be the name of a Job
        found = having(an_update("web-g1"))
    assert (await current(found, text))["metadata"]["name"] == "web-g1"


class TestTime:
    """How long the operator has to make the Update of a new template."""

    @pytest.fixture
    def web(self, api: FakeApi) -> Object:
        """A Job whose new template no operator has looked at, after an Update."""
        stored = api.put(JOBS, "web")
        stored |= {k: v for k, v in a_job().items() if k != "metadata"}
        stored["metadata"] |= {"generation": 2}
        stored["status"] = {"observedGeneration": 1, "updateRevision": "web-a", "lastAttempt": OLD}
        old = api.put(UPDATES, "web-g1")
        made = an_update("web-g1")
        old |= {k: v for k, v in made.items() if k != "metadata"}
        old["metadata"] |= {
            "ownerReferences": [OWNER],
            "creationTimestamp": made["metadata"]["creationTimestamp"],
        }
        return stored

    @pytest.fixture(autouse=True)
    async def _time(self, monkeypatch: pytest.MonkeyPatch) -> None:
        VirtualTime(monkeypatch)

    async def test_a_note_says_that_no_operator_looks(
        self, api: FakeApi, session: Session, web: Object, capsys: pytest.CaptureFixture[str]
    ) -> None:
        waiting = asyncio.ensure_future(current(session, "ejob/web", 300.0))
        watch = await asyncio.wait_for(api.watches.get(), 60)
        said = ""
        async with asyncio.timeout(60):
            while "no operator has looked at the last change of Job web" not in said:
                said += capsys.readouterr().err
                await asyncio.sleep(0.01)
        assert not waiting.done()
        # The operator comes back, and its Update is found.
        web["status"]["observedGeneration"] = 2
        web["metadata"]["resourceVersion"] = "999"
        watch.send("MODIFIED", web)
        assert (await asyncio.wait_for(waiting, 60))["metadata"]["name"] == "web-g1"

    async def test_the_timeout_is_the_users(
        self, web: Object, session: Session, capsys: pytest.CaptureFixture[str]
    ) -> None:
        with pytest.raises(CliError) as caught:
            await current(session, "ejob/web", 30.0)
        assert web["status"]["observedGeneration"] == 1
        assert caught.value.code is Exit.TIMEOUT
        assert "echelon job status web -n ns" in caught.value.hint
        assert "no operator has looked" in capsys.readouterr().err
