"""What may happen to a control plane. Each function returns when all is well again."""

from __future__ import annotations

import base64
import json
import time
import urllib.request
from contextlib import suppress
from typing import Final

from hack.chaos.lane import Lane
from hack.devcluster.api import ApiError
from hack.harness.operator import USER
from hack.harness.proxy import Asked

_ADMISSION: Final = "/apis/admissionregistration.k8s.io/v1"
#: What the operator logs of a watch that is answered 410.
_LISTED: Final = "listing pods in "
#: Components that end when the API server does not answer them.
_FRAIL: Final = "kube-scheduler"


def _well(lane: Lane) -> None:
    cluster = lane.plane.cluster
    cluster.wait("the API server", lambda: cluster.api.get("/readyz") == "ok", 60)


def restarted(lane: Lane, name: str) -> None:
    """A component ends in good order, and starts again."""
    cluster = lane.plane.cluster
    cluster.end(_FRAIL)
    cluster.restart(name)
    _well(lane)
    cluster.begin(_FRAIL)


def killed(lane: Lane, name: str) -> None:
    """A component is killed and comes back."""
    cluster = lane.plane.cluster
    cluster.end(_FRAIL)
    cluster.kill(name)
    time.sleep(2)
    cluster.begin(name)
    _well(lane)
    cluster.begin(_FRAIL)


def paused(lane: Lane, name: str, seconds: float) -> None:
    """A component stands still: its clients hang."""
    cluster = lane.plane.cluster
    cluster.freeze(name)
    time.sleep(seconds)
    cluster.thaw(name)
    _well(lane)


def cut(lane: Lane) -> None:
    """All watches end, again and again."""
    for _ in range(10):
        lane.proxy.cut_watches()
        time.sleep(0.3)


def compacted(lane: Lane) -> None:
    """While the operator cannot watch, etcd forgets what it has not seen. Each of its watches is
    answered 410 then, once: the API server itself would go on from its own cache."""
    since, told = lane.operator.log_size(), set[str]()
    holding = True

    def forgotten(asked: Asked) -> int | None:
        if "watch=" not in asked.query:
            return None
        if holding:
            return 503
        if asked.path in told:
            return None
        told.add(asked.path)
        return 410

    lane.proxy.fault = forgotten
    lane.proxy.cut_watches()
    time.sleep(2)
    _compact(lane.plane.cluster.layout.etcd_port)
    holding = False
    lane.plane.cluster.wait(
        "the operator to list again", lambda: _LISTED in lane.operator.said(since), 60
    )
    lane.proxy.fault = lane.killer.arriving


def _compact(port: int) -> None:
    """Let etcd forget all but the present version of each object."""
    key = base64.b64encode(b"/registry/").decode()
    found = _etcd(port, "kv/range", {"key": key, "limit": "1"})
    _etcd(port, "kv/compaction", {"revision": found["header"]["revision"], "physical": True})


def _etcd(port: int, path: str, body: dict[str, object]) -> dict[str, dict[str, str]]:
    url = f"http://127.0.0.1:{port}/v3/{path}"
    asked = urllib.request.Request(url, json.dumps(body).encode(), method="POST")
    with urllib.request.urlopen(asked, timeout=10) as answer:
        found: dict[str, dict[str, str]] = json.loads(answer.read())
        return found


def denied(lane: Lane) -> None:
    """An admission policy denies the operator all deletes of pods for some seconds."""
    api, name = lane.plane.cluster.api, f"freeze-{lane.space.name}"
    only = {"matchLabels": {"kubernetes.io/metadata.name": lane.space.name}}
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"]}
    words = "no pod is deleted now"
    policy = {
        "kind": "ValidatingAdmissionPolicy",
        "metadata": {"name": name},
        "spec": {
            "failurePolicy": "Fail",
            "matchConstraints": {
                "namespaceSelector": only,
                "resourceRules": [{**rule, "operations": ["DELETE"]}],
            },
            "validations": [
                {"expression": f"request.userInfo.username != '{USER}'", "message": words}
            ],
        },
    }
    binding = {
        "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": {"name": name},
        "spec": {"policyName": name, "validationActions": ["Deny"]},
    }
    paths = {f"{_ADMISSION}/validatingadmissionpolicies": policy}
    paths[f"{_ADMISSION}/validatingadmissionpolicybindings"] = binding
    for path, wish in paths.items():
        api.create(path, wish)
    try:
        time.sleep(4)
    finally:
        for path in reversed(paths):
            with suppress(ApiError):
                api.delete(f"{path}/{name}")
