"""The simulated world as an API server and a watch: what `Space` and the letters of a kubelet ask.

    api, sightings = Api(), Sightings(api)
    api.create("/apis/echelon.dev/v1alpha1/namespaces/default/echelonjobs", {...})

Only the requests that these tests make are known, and nothing is validated: what the schema refuses
is asked of a real API server.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, TypeVar

from controller.api.job import Job, JobSpec
from controller.api.labels import API_VERSION, REVISION
from controller.api.meta import format_time, wire
from controller.api.pods.pod import Pod
from controller.api.pods.slim import slim as read
from controller.api.pods.wire import PodWire
from controller.api.update import Update, UpdateSpec
from hack.harness.manifests import Object
from hack.harness.pods import PodSeen, slim
from hack.harness.sightings import Seen
from tests.unit.core.aurora.world import PlayedWorld
from tests.unit.core.sim.store import ApiError
from tests.values import replace

T = TypeVar("T")
NAMESPACE = "default"
_KINDS = {"job": "EchelonJob", "update": "Update", "pod": "Pod"}
#: What a pod's status says, and nothing of its making.
_TOLD = (
    "phase",
    "ready",
    "ready_since",
    "restarts",
    "restarted",
    "ran",
    "trouble",
    "node",
    "bound",
)


class Api:
    """The world is there once a Job was made."""

    def __init__(self) -> None:
        self.events: list[Seen] = []
        self._present: dict[tuple[str, str], Any] = {}
        #: uid of a pod -> its status, as a kubelet reported it.
        self._statuses: dict[str, Object] = {}
        self._world: PlayedWorld | None = None

    @property
    def world(self) -> PlayedWorld:
        assert self._world is not None, "no Job was made yet"
        return self._world

    def now(self) -> float:
        return self.world.now

    def present(self, kind: str) -> dict[str, Any]:
        """The objects of a kind by name."""
        return {name: obj for (of, name), obj in self._present.items() if of == kind}

    # Requests.

    def get(self, path: str) -> Object:
        plural, name, _ = _parts(path)
        cluster = self.world.cluster
        there: dict[str, Any] = cluster.pods if plural == "pods" else cluster.updates
        if plural == "echelonjobs":
            return self._told(cluster.job)
        if name not in there:
            raise ApiError("NotFound", path)
        return self._told(there[name])

    def create(self, path: str, obj: Object) -> Object:
        plural, name, sub = _parts(path)
        if sub == "binding":
            self._set(replace(self._pod(name), node=obj["target"]["name"]))
            return obj
        name = obj["metadata"]["name"]
        if plural == "echelonjobs":
            return self._begin(obj)
        if plural == "pods":
            self.world.cluster.stranger(name)
        else:
            spec = UpdateSpec.model_validate(obj["spec"])
            self.world.cluster.new_update(name, spec, owner=None)
        return self.get(f"{path}/{name}")

    def patch(self, path: str, patch: Object) -> Object:
        """A merge patch."""
        plural, name, sub = _parts(path)
        if plural == "pods":
            self._report(self._pod(name), patch["status"])
        elif sub == "scale":
            self._edit_job({"instances": patch["spec"]["replicas"]})
        elif plural == "echelonjobs":
            self._edit_job(patch["spec"])
        elif "metadata" in patch:
            self._annotate(name, patch["metadata"]["annotations"])
        else:
            self._edit_update(name, patch["spec"])
        return self.get(path)

    def delete(self, path: str, body: Object | None = None) -> None:
        plural, name, _ = _parts(path)
        cluster = self.world.cluster
        if plural == "controllerrevisions":
            gone = cluster.revisions.pop(name)
            cluster.tell("revision", name, gone.uid, None)
        elif body and body.get("gracePeriodSeconds") == 0:
            cluster.remove_pod(self._pod(name))
        else:
            cluster.let_go(self._pod(name))

    # What they do.

    def _begin(self, obj: Object) -> Object:
        meta = {"name": obj["metadata"]["name"], "namespace": NAMESPACE}
        given = {"metadata": meta, "spec": obj["spec"], "status": {"observedGeneration": -1}}
        self._world = world = PlayedWorld(Job.model_validate(given))
        tell = world.cluster.tell

        def heard(kind: str, name: str, uid: str, value: Any) -> None:
            tell(kind, name, uid, value)
            if kind in _KINDS:
                self._hear(_KINDS[kind], name, value)

        world.cluster.tell = heard  # type: ignore[method-assign]
        self._hear("EchelonJob", meta["name"], world.cluster.job)
        return self._told(world.cluster.job)

    def _edit_job(self, patch: Object) -> None:
        cluster = self.world.cluster
        wish = JobSpec.model_validate(_merged(wire(cluster.job.spec), patch))
        if wish != cluster.job.spec:
            cluster.user_edit(lambda job: job.model_copy(update={"spec": wish}))

    def _edit_update(self, name: str, patch: Object) -> None:
        cluster = self.world.cluster
        wish = UpdateSpec.model_validate(_merged(wire(cluster.updates[name].spec), patch))
        fields = UpdateSpec.model_fields
        cluster.user_edit_update(name, **{field: getattr(wish, field) for field in fields})

    def _annotate(self, name: str, patch: dict[str, str | None]) -> None:
        cluster = self.world.cluster
        old = cluster.updates[name].metadata.annotations
        cluster.put_update(name, annotations=_merged(old, patch))

    def _report(self, pod: Pod, status: Object) -> None:
        self._statuses[pod.uid] = {**self._statuses.get(pod.uid, {}), **status}
        seen = read(PodWire.of(self._raw(pod)))
        assert seen is not None
        self._set(replace(pod, **{fact: getattr(seen, fact) for fact in _TOLD}))

    def _pod(self, name: str) -> Pod:
        return self.world.cluster.pods[name]

    def _set(self, pod: Pod) -> None:
        self.world.cluster.set_pod(pod)

    # What is told.

    def _told(self, value: Job | Update | Pod) -> Object:
        return self._raw(value) if isinstance(value, Pod) else wire(value)

    def _raw(self, pod: Pod) -> Object:
        cluster = self.world.cluster
        ours = pod.owner == cluster.job.metadata.uid
        owner = {"apiVersion": API_VERSION, "kind": "EchelonJob", "name": pod.job, "uid": pod.owner}
        going = {} if pod.deleted is None else {"deletionTimestamp": format_time(pod.deleted)}
        container = {"name": "web", "image": cluster.image(pod.revision)}
        return {
            "metadata": {
                "name": pod.name,
                "namespace": NAMESPACE,
                "uid": pod.uid,
                "generation": 1,
                "resourceVersion": str(pod.resource_version),
                "creationTimestamp": format_time(pod.created),
                "annotations": {REVISION: pod.revision},
                "ownerReferences": [{**owner, "controller": True}] if ours else [],
                **going,
            },
            "spec": {"containers": [container], "nodeName": pod.node},
            "status": self._statuses.get(pod.uid, {}),
        }

    def _hear(self, kind: str, name: str, value: Any) -> None:
        known = self._present.get((kind, name))
        if value is None:
            obj, type_ = self._present.pop((kind, name)), "DELETED"
        else:
            obj = slim(self._raw(value)) if isinstance(value, Pod) else wire(value)
            self._present[(kind, name)] = obj
            type_ = "ADDED" if known is None else "MODIFIED"
        seen = Seen(
            version=len(self.events),
            kind=kind,
            type=type_,
            namespace=NAMESPACE,
            name=name,
            object=obj,
            at=self.now(),
        )
        self.events.append(seen)


class Sightings:
    """What `Space` and the observer ask of the watch; to wait lets simulated time pass."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def events(self, namespace: str) -> list[Seen]:
        assert namespace == NAMESPACE
        return list(self._api.events)

    def get(self, namespace: str, kind: str, name: str) -> Any:
        return self.all_by_name(namespace, kind).get(name)

    def all(self, namespace: str, kind: str) -> list[Any]:
        return list(self.all_by_name(namespace, kind).values())

    def all_by_name(self, namespace: str, kind: str) -> dict[str, Any]:
        assert namespace == NAMESPACE
        return self._api.present(kind)

    def wait(self, probe: Callable[[], T], timeout: float) -> T | None:
        """The first true value of ``probe`` within so many simulated seconds; None: in vain."""
        found: list[T] = []

        def seen() -> bool:
            if value := probe():
                found.append(value)
            return bool(value)

        if not seen():
            self._api.world.run(timeout, seen)
        return found[0] if found else None

    def catch_up(self, namespace: str) -> None:
        """All is seen when it happens."""
        assert namespace == NAMESPACE


def describe(api: Api) -> str:
    """For a person who asks why a test failed."""
    pods = [pod for pod in api.present("Pod").values() if isinstance(pod, PodSeen)]
    updates = [json.dumps(obj["status"], indent=1) for obj in api.present("Update").values()]
    return "\n".join([*map(str, pods), *updates])


def _parts(path: str) -> tuple[str, str, str]:
    """Plural, name and subresource; "" where there is none."""
    plural, name, sub, *_ = [*path.partition("/namespaces/")[2].split("/")[1:], "", ""]
    return plural, name, sub


def _merged(old: Any, patch: Any) -> Any:
    """A JSON merge patch (RFC 7386)."""
    if not isinstance(patch, dict):
        return patch
    made = dict(old) if isinstance(old, dict) else {}
    for key, value in patch.items():
        if value is None:
            made.pop(key, None)
        else:
            made[key] = _merged(made.get(key), value)
    return made
