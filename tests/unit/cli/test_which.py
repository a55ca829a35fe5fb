"""Which Update a name means."""

from __future__ import annotations

import pytest

from controller.cli.exits import CliError, Exit
from controller.cli.session import Session
from controller.cli.update.which import candidates, newest_of, which
from controller.kube.errors import Forbidden, NotFound
from tests.unit.cli.fakes import a_job, an_update, session


async def name_of(found: Session, text: str) -> str:
    name: str = (await which(found, text))["metadata"]["name"]
    return name


async def error_of(found: Session, text: str) -> CliError:
    with pytest.raises(CliError) as caught:
        await which(found, text)
    return caught.value


@pytest.mark.parametrize("text", ["web-g4", "eup/web-g4", "update.echelon.dev/web-g4"])
async def test_an_update_by_its_own_name(text: str) -> None:
    assert await name_of(session(a_job(), an_update("web-g4")), text) == "web-g4"


@pytest.mark.parametrize("text", ["web", "ejob/web", "echelonjob.echelon.dev/web"])
async def test_a_job_means_its_active_update(text: str) -> None:
    found = session(
        a_job(active="web-g4"),
        an_update("web-g4", second=1, phase="RollingForward"),
        an_update("web-g5", second=2),
        an_update("api-g9", "api", second=3),
    )
    assert await name_of(found, text) == "web-g4"


async def test_a_job_without_an_active_update_means_the_newest() -> None:
    found = session(a_job(), an_update("web-g10", second=1), an_update("web-g9", second=1))
    assert await name_of(found, "web") == "web-g10"


async def test_the_lock_may_name_an_update_that_is_gone() -> None:
    found = session(a_job(active="web-g4"), an_update("web-g3", second=1))
    assert await name_of(found, "web") == "web-g3"


async def test_a_job_without_updates() -> None:
    error = await error_of(session(a_job()), "web")
    assert error.message == "Job web has no Update yet"
    assert "echelon job status web -n shop" in error.hint


@pytest.mark.parametrize(
    ("kind", "reason", "hints"),
    [
        ("Stalled", "InvalidTemplate", ["echelon job diff web", "kubectl edit ejob web"]),
        ("Stalled", "KnownBad", ["echelon job diff web", "echelon job retry web"]),
        ("UpdatePending", "Manual", ["echelon update start web"]),
    ],
)
async def test_a_job_whose_first_update_does_not_start_says_why(
    kind: str, reason: str, hints: list[str]
) -> None:
    waits = {**a_job(), "status": {"observedGeneration": 1}}
    told = {"type": kind, "status": "True", "reason": reason, "message": "no \x1b[2J image"}
    waits["status"] |= {"conditions": [told]}
    error = await error_of(session(waits), "web")
    assert error.message == f"Job web has no Update yet: {reason}: no  image"
    assert all(f"{command} -n shop" in error.hint for command in hints)
    unseen = await error_of(session({**waits, "status": {"observedGeneration": -1}}), "web")
    assert "no operator has looked at this Job" in unseen.message


async def test_nothing_of_that_name() -> None:
    found = session(a_job("web"), a_job("api"), an_update("web-g4"), an_update("api-g2", "api"))
    error = await error_of(found, "wbe-g4")
    assert error.message == "no Update and no Job is named wbe-g4 in namespace shop"
    assert error.hint.startswith("there are eup/web-g4, ")
    assert error.code is Exit.ERROR
    empty = await error_of(session(), "web")
    assert "echelon update list -A" in empty.hint


async def test_a_name_that_a_job_and_an_update_have() -> None:
    both = (a_job("web"), an_update("web", second=1), an_update("web-g4", second=2))
    error = await error_of(session(*both), "web")
    assert error.code is Exit.USAGE
    assert "an Update, and a Job whose Update is web-g4" in error.message
    assert await name_of(session(*both), "eup/web") == "web"
    assert await name_of(session(*both), "ejob/web") == "web-g4"


async def test_no_question_is_asked_where_both_mean_the_same() -> None:
    assert await name_of(session(a_job("web"), an_update("web")), "web") == "web"
    of_another = (a_job("api"), an_update("api", "web"))
    assert await name_of(session(*of_another), "api") == "api"


async def test_instances_name_no_update() -> None:
    error = await error_of(session(a_job()), "web/0-3")
    assert error.code is Exit.USAGE
    assert "write `web`" in error.hint


async def test_who_may_not_read_jobs_can_name_updates() -> None:
    refused = {"EchelonJob": Forbidden(403, "Forbidden", "no")}
    found = session(an_update("web-g4"), errors=refused)
    assert await name_of(found, "web-g4") == "web-g4"


async def test_a_cluster_without_echelon() -> None:
    found = session(errors={"Update": NotFound(404, "NotFound", "page not found")})
    assert "Echelon is not installed" in (await error_of(found, "web")).message


def test_dry_runs_count_last() -> None:
    real, dry = an_update("web-g4"), an_update("plan", phase="Planned", dryRun=True)
    assert newest_of([real, dry]) is real
    assert newest_of([dry]) is dry
    assert newest_of([]) is None


def test_what_waits_to_start_comes_before_what_has_ended() -> None:
    waits, done = an_update("canary", phase="Pending"), an_update("web-g4")
    assert newest_of([waits, done]) is waits


def test_candidates_are_sorted_by_likeness() -> None:
    found = candidates("web-g5", ["api-g1", "web-g4"], ["web", "api"])
    assert found[0] == "eup/web-g4"
    assert set(found) == {"ejob/web", "ejob/api", "eup/api-g1", "eup/web-g4"}
    assert len(candidates("x", [f"u{i}" for i in range(50)], [])) == 8
