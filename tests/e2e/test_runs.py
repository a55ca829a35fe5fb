"""Adhoc and Cron Jobs with real containers: each instance knows its id, runs to its end, and runs
again for another template or at its time."""

from __future__ import annotations

from typing import Any

from tests.e2e import web
from tests.e2e.place import Object, Place, condition

#: Seconds: a run of every minute begins within a minute, and its pods need some.
NEXT_RUN = 110.0


def script(text: str) -> Object:
    """A pod template that runs a line of shell."""
    pod = web.template("1", drain=0)
    (container,) = pod["spec"]["containers"]
    del container["readinessProbe"], container["ports"]
    container["command"] = ["/bin/sh", "-c", text]
    return pod


def runs(kind: str, text: str, **spec: Any) -> Object:
    """A Job of this type with three instances."""
    made = web.job(pod=script(text), **spec)
    del made["spec"]["minReadySeconds"], made["spec"]["update"]
    made["spec"]["type"] = kind
    return made


def ended(place: Place, name: str = "", timeout: float = 60.0) -> Object:
    """Wait until the last run has ended, and return it. ``name``: of that run, "" for any."""

    def look() -> Object | None:
        run: Object = place.job().get("status", {}).get("lastRun", {})
        fits = "finishedAt" in run and name in ("", run["name"])
        return run if fits else None

    return place.wait(f"the end of run {name}", look, timeout)


def said(place: Place, run: str) -> set[str]:
    """The lines of the logs of a run."""
    return set(place.kubectl("logs", "--selector", f"job-name={run}", "--tail=-1").splitlines())


def test_an_adhoc_job_runs_once_for_each_template(place: Place) -> None:
    place.create(runs("Adhoc", "echo first $ECHELON_INSTANCE {{echelon.instance}}"))
    first = ended(place, "web-r1")
    assert (first["reason"], first["succeeded"]) == ("Succeeded", 3)
    assert said(place, "web-r1") == {f"first {i} {i}" for i in range(3)}
    assert condition(place.wait_ready(), "Ready")

    bad = script('test "$ECHELON_INSTANCE" != 1 || exit 3; echo second $ECHELON_INSTANCE')
    place.change(bad)
    second = ended(place, "web-r2")
    assert (second["reason"], second["succeeded"], second["failed"]) == ("FailedIndexes", 2, 1)
    assert said(place, "web-r2") == {"second 0", "second 2"}
    stalled = place.wait("Stalled", lambda: condition(place.job(), "Stalled"))
    assert stalled
    assert "1/3 failed" in place.echelon("job", "list", "-n", place.name)


def test_a_cron_job_runs_at_its_time_until_it_is_suspended(place: Place) -> None:
    made = runs("Cron", "echo at $ECHELON_INSTANCE", cron={"schedule": "* * * * *"})
    place.create(made)
    place.wait_ready()
    run = ended(place, timeout=NEXT_RUN)
    assert (run["reason"], run["succeeded"]) == ("Succeeded", 3)
    assert said(place, run["name"]) == {"at 0", "at 1", "at 2"}
    place.echelon("cron", "suspend", "web", "-n", place.name)
    cron_job = f"/apis/batch/v1/namespaces/{place.name}/cronjobs/web"
    place.wait("the suspension", lambda: place.api.get(cron_job)["spec"]["suspend"])
    assert "suspended" in place.echelon("job", "status", "web", "-n", place.name)
