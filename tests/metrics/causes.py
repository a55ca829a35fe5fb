"""Makes the cause of each alert on a real control plane: Jobs in every state, and operators that
have lost the API server, get errors from it, or find CRDs that lack a field.
"""

from __future__ import annotations

import itertools
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from hack.crds import FOLDER
from hack.devcluster.cluster import Cluster
from hack.harness.manifests import Object, adhoc, cron, is_true, job, queue
from hack.harness.operator import Operator
from hack.harness.patience import patient
from hack.harness.proxy import Asked, Fault, Proxy
from hack.harness.space import Space
from hack.harness.web import Web
from tests.metrics.server import Prometheus

NODE: Final = "/api/v1/nodes/"
SIM: Final = "sim.echelon.dev"
#: An address at which nothing listens.
_NOBODY: Final = "http://127.0.0.1:1/"
_ENGINE: Final = (
    "/spec/versions/0/schema/openAPIV3Schema/properties/status/properties/engineVersion"
)
#: All Services but the last, `adrift`, have metrics of their own.
OWN_METRICS: Final = 10


def gate(name: str, url: str, **fields: Object) -> Object:
    return {
        "name": name,
        "intervalSeconds": 1,
        "failures": 1000,
        "http": {"url": url, "timeoutSeconds": 1},
        **fields,
    }


def jobs(web: Web) -> list[Object]:
    """The Jobs, in the order in which they are made."""
    quick: Object = {"readyTimeoutSeconds": 2}
    pull_error: Object = {"behaviour": "pull-error"}
    silent = {"gates": [gate("nobody", _NOBODY)]}
    consent: Object = {"coordinator": {"url": _NOBODY}}
    gated = {"gates": [gate("healthy", web.url)]}
    return [
        job("down", 2, steering=pull_error, update=quick),
        job("good", 4, update=gated),
        job("undone", 3, update=quick),
        job("failed", 3, update={**quick, "rollbackOnFailure": False}),
        job("blocked", 2, update={"replacement": "Surge"}),
        job("stuck", 3, update=silent),
        job("paused", 4, strategy={"type": "Batch", "size": 2, "autoPause": True}),
        job("asking", 2, update={"slaAware": True}, sla=consent),
        job("newer", 3),
        job("braked", 4),
        job("adrift", 4, strategy=queue(1)),
    ]


def make(space: Space, web: Web) -> None:
    """Make the Jobs, then what troubles them. Returns when all of it is there but lost nodes."""
    made = jobs(web)
    assert len(made) == OWN_METRICS + 1
    for each in made:
        space.create(each)
    space.create(adhoc(code=3, name="broken"))
    for each in made[1:]:
        space.wait_ready(each["metadata"]["name"], timeout=60)
    crash = {"behaviour": "crash-loop", "exit_code": 3}
    space.delete_pod("undone-0")
    space.until("undone-0 to come back", lambda: _is_back(space, "undone"), 60)
    stranger = {"kind": "Pod", "metadata": {"name": "blocked-0-s"}}
    space.create({**stranger, "spec": {"containers": [{"name": "x", "image": "x"}]}})
    space.set_image("web:2", "undone", **crash)
    space.set_image("web:2", "failed", **crash)
    space.set_image("web:2", "newer", behaviour="ready-after", ready_after="30s")
    for name in ("good", "blocked", "stuck", "paused", "asking"):
        space.set_image("web:2", name)
    for instance in range(3):
        _spoil(space, f"braked-{instance}")
    space.wait_update("RollingForward", job="newer")
    space.api.patch(space.path("updates", "newer-g2", "status"), {"status": {"engineVersion": 99}})
    for name, what in (("undone", "RolledBack"), ("failed", "Stalled"), ("blocked", "Stalled")):
        _wait(space, name, what)
    _wait(space, "braked", "SafetyStop")
    _miss_a_run(space)
    space.wait_update("RollForwardPaused", job="paused", timeout=60)


def _miss_a_run(space: Space) -> None:
    """A Cron Job of every minute whose runs a quota refuses; one run has failed before."""
    _wait(space, "broken", "Stalled")
    hard = {"hard": {"count/jobs.batch": "1"}}
    space.create({"kind": "ResourceQuota", "metadata": {"name": "runs"}, "spec": hard})
    path = space.path("resourcequotas", "runs")
    space.until("the quota to be counted", lambda: _used(space.api.get(path)), 60)
    space.create(cron("* * * * *", name="missed"))
    _wait(space, "missed", "Ready")


def _used(quota: Object) -> bool:
    return bool(quota.get("status", {}).get("used"))


def _is_back(space: Space, name: str) -> bool:
    pod = space.pods(name).get(0)
    return pod is not None and pod.ready and not pod.deleting


def _spoil(space: Space, pod: str) -> None:
    """Somebody's program edits a pod: it says that it runs another revision."""
    digest = "0123456789"
    space.patch_pod(
        pod,
        labels={"echelon.dev/revision": digest},
        annotations={"echelon.dev/revision": f"{pod.rpartition('-')[0]}-{digest}"},
    )


def _wait(space: Space, name: str, condition: str) -> None:
    space.wait_job(condition, lambda job: is_true(job, condition), name, timeout=60)


@contextmanager
def all_nodes_lost(space: Space) -> Iterator[None]:
    """All nodes stop reporting, and an Update begins. At the end they report again."""
    names = [node["metadata"]["name"] for node in space.api.get("/api/v1/nodes")["items"]]
    try:
        _mark_lost(space, names, "true")
        space.until(
            "no pod to be Ready",
            lambda: not any(p.ready for p in space.pods("adrift").values()),
            60,
        )
        space.set_image("web:2", "adrift")
        yield
    finally:
        _mark_lost(space, names, None)
        space.cluster.wait("the nodes to be well again", lambda: not _taints(space, names), 60)


def _mark_lost(space: Space, names: list[str], value: str | None) -> None:
    for name in names:
        space.api.patch(NODE + name, {"metadata": {"annotations": {f"{SIM}/lost": value}}})


def _taints(space: Space, names: list[str]) -> list[Object]:
    nodes = (space.api.get(NODE + name) for name in names)
    return [taint for node in nodes for taint in node["spec"].get("taints", [])]


@contextmanager
def cut_off(cluster: Cluster, prometheus: Prometheus) -> Iterator[None]:
    """An operator that cannot reach the API server."""
    with Proxy(cluster, "echelon-operator") as proxy:
        proxy.reach = "refused"
        made = Operator(cluster, "cut-off", kubeconfig=proxy.kubeconfig)
        try:
            made.start(ready=False)
            made.wait("its addresses", lambda: "metrics on" in made.said())
            prometheus.scrape("cut-off", made.metrics_address, "echelon-cut-off")
            yield
        finally:
            made.close()


@contextmanager
def in_trouble(cluster: Cluster, space: Space, prometheus: Prometheus) -> Iterator[None]:
    """An operator that the API server does not know when it writes a status, and whose creates take
    long.

    It serves the namespace of ``space`` alone, in which a Job is made each second.
    """
    enough = threading.Event()
    jobs = threading.Thread(target=_make_jobs, args=(space, enough))
    with Proxy(cluster, "echelon-operator") as proxy:
        proxy.fault = _trouble
        args = ["--namespace", space.name]
        made = Operator(cluster, "trouble", kubeconfig=proxy.kubeconfig, args=args)
        try:
            made.start()
            prometheus.scrape("trouble", made.metrics_address, "echelon-trouble")
            jobs.start()
            yield
        finally:
            enough.set()
            if jobs.is_alive():
                jobs.join()
            made.close()


def _make_jobs(space: Space, enough: threading.Event) -> None:
    for number in itertools.count():
        if enough.wait(1.0):
            return
        space.create(job(f"web-{number}", 1))


def _trouble(asked: Asked) -> int | Fault | None:
    if asked.lease:
        return None
    if asked.method == "PATCH" and asked.path.endswith("/status"):
        return 401
    return Fault(late=4.0) if asked.method == "POST" else None


@contextmanager
def older_crds(cluster: Cluster, prometheus: Prometheus) -> Iterator[None]:
    """An operator that finds a CRD without a field that it writes."""
    remove = json.dumps([{"op": "remove", "path": _ENGINE}])
    cluster.kubectl("patch", "crd", "updates.echelon.dev", "--type=json", "-p", remove)
    made = Operator(cluster, "older-crds")
    try:
        cluster.wait("the older schema", lambda: not _has_engine(cluster))
        made.start(ready=False)
        made.wait("words", lambda: "this operator serves no Job" in made.said())
        prometheus.scrape("older-crds", made.metrics_address, "echelon-older-crds")
        yield
    finally:
        made.close()
        cluster.kubectl("replace", "-f", str(FOLDER / "updates.yaml"))


def _has_engine(cluster: Cluster) -> bool:
    every = cluster.api.get("/openapi/v3/apis/echelon.dev/v1alpha1")["components"]["schemas"]
    status = every["dev.echelon.v1alpha1.Update"]["properties"]["status"]
    return "engineVersion" in status["properties"]


def until(prometheus: Prometheus, seen: set[str], wanted: set[str], timeout: float = 120) -> None:
    """Wait until all ``wanted`` alerts have fired. All that have are added to ``seen``."""
    end = time.monotonic() + patient(timeout)
    while missing := wanted - seen:
        assert time.monotonic() < end, f"these alerts did not fire: {sorted(missing)}"
        time.sleep(0.2)
        seen.update(prometheus.fired())
