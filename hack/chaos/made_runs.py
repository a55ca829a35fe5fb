"""What became of the runs of an Adhoc or Cron Job, as a part of an ending."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

from controller.api import labels
from hack.harness.manifests import Object
from hack.harness.pods import PodSeen
from hack.harness.runs import INDEX, RUN, SCHEDULED, RunSeen

#: Names of runs -> what an ending calls them.
Called = Mapping[str, str]
_COUNTS: Final = ("name", "reason", "instances", "succeeded", "failed", "active")


def called(runs: Iterable[RunSeen]) -> Called:
    """The names of runs. One that a CronJob started is named by when it was due: `tick 1` is the
    first one, `tick 3` was due two minutes later."""
    names = {run.object["metadata"]["name"]: _due(run.object) for run in runs}
    first = min((due for due in names.values() if due is not None), default=0)
    return {name: name if due is None else f"tick {due - first + 1}" for name, due in names.items()}


def _due(run: Object) -> int | None:
    """Minutes since the epoch."""
    stamp = run["metadata"].get("annotations", {}).get(SCHEDULED)
    return int(datetime.fromisoformat(stamp).timestamp()) // 60 if stamp else None


def facts(runs: Sequence[RunSeen], names: Called) -> Object:
    """How often each run was made, and how it ended, if it is still there."""
    times = Counter(names[run.object["metadata"]["name"]] for run in runs)
    left = {names[run.object["metadata"]["name"]]: run.object for run in runs if not run.gone}
    return {name: {"made": count, **_left(left.get(name))} for name, count in times.items()}


def _left(run: Object | None) -> Object:
    if run is None:
        return {}
    ended = [
        f"{each['type']} {each.get('reason', '')}"
        for each in run.get("status", {}).get("conditions", ())
        if each["type"] in ("Complete", "Failed") and each["status"] == "True"
    ]
    revision = run["metadata"].get("annotations", {}).get(labels.REVISION)
    return {"revision": revision, "instances": run["spec"]["completions"], "ended": ended}


def tasks(pods: Iterable[PodSeen], names: Called) -> dict[str, int]:
    """How many pods of runs there are, by run, index, image and phase."""
    return Counter(
        f"{names.get(run, run)} {pod.annotations.get(INDEX)} {pod.image} {pod.phase}"
        for pod in pods
        if (run := pod.labels.get(RUN)) and labels.JOB in pod.labels
    )


def last(status: Object, names: Called) -> Object:
    """What the status of a Job says of its last run, but for times and words."""
    run = status.get("lastRun", {})
    found = {name: run[name] for name in _COUNTS if name in run}
    return found | ({"name": names.get(run["name"], run["name"])} if run else {})


def cron_job(found: Object) -> Object:
    """What the operator wrote of a CronJob."""
    meta = found["metadata"]
    return {"spec": found["spec"], "labels": meta["labels"], "annotations": meta["annotations"]}
