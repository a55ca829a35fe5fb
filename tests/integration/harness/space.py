"""One test's namespace: what users do in it, and waiting for what the operator makes of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, TypeVar

from hack.devcluster.api import ApiError
from hack.devcluster.cluster import Cluster
from tests.integration.harness.manifests import Object, is_true, phase, template
from tests.integration.harness.observer import Observer
from tests.integration.harness.pods import PodSeen
from tests.integration.harness.sightings import GROUP, Sightings

T = TypeVar("T")
TERMINAL = ("RolledForward", "RolledBack", "Aborted", "Failed", "Error", "Superseded", "Rejected")


class Space:
    """Writes go to the API server as an administrator's; reads come from the watch."""

    def __init__(self, cluster: Cluster, sightings: Sightings, name: str) -> None:
        self.cluster = cluster
        self.api = cluster.api
        self.name = name
        self.sightings = sightings
        self.observer = Observer(sightings, name)
        #: What is shown when a wait was in vain.
        self.explain: Callable[[], str] = lambda: ""

    def begin(self) -> None:
        self.api.create("/api/v1/namespaces", {"metadata": {"name": self.name}})
        account = f"/api/v1/namespaces/{self.name}/serviceaccounts/default"
        self.cluster.wait("the default ServiceAccount", lambda: self.api.get(account))

    # Paths and plain requests.

    def path(self, plural: str, name: str = "", sub: str = "") -> str:
        """The path of an object of ours, of apps/v1 or of the core."""
        base = {"echelonjobs": GROUP, "updates": GROUP, "controllerrevisions": "/apis/apps/v1"}
        parts = [base.get(plural, "/api/v1"), "namespaces", self.name, plural, name, sub]
        return "/".join(part for part in parts if part)

    def create(self, obj: Object) -> Object:
        """Create a Job, an Update, or an object of the core."""
        made: Object = self.api.create(self.path(f"{obj['kind'].lower()}s"), obj)
        return made

    def apply(self, obj: Object, manager: str = "tests", force: bool = False) -> Object:
        """Server-side apply."""
        path = self.path(f"{obj['kind'].lower()}s", obj["metadata"]["name"])
        query = f"?fieldManager={manager}&force={str(force).lower()}"
        done: Object = self.api.request("PATCH", path + query, obj, "application/apply-patch+yaml")
        return done

    def patch_job(self, name: str = "web", **spec: Any) -> Object:
        """Merge-patch the spec of a Job."""
        done: Object = self.api.patch(self.path("echelonjobs", name), {"spec": spec})
        return done

    def set_image(self, image: str, name: str = "web", **steering: Any) -> Object:
        """Another image (and steering): the ordinary way to a new revision."""
        return self.set_template(template(image, **steering), name)

    def set_template(self, wish: Object, name: str = "web") -> Object:
        """Put a template in the place of the present one, whatever that had."""
        change = [{"op": "replace", "path": "/spec/template", "value": wish}]
        kind = "application/json-patch+json"
        done: Object = self.api.request("PATCH", self.path("echelonjobs", name), change, kind)
        return done

    def scale(self, replicas: int, name: str = "web") -> None:
        """What `kubectl scale` and a HorizontalPodAutoscaler do."""
        self.api.patch(self.path("echelonjobs", name, "scale"), {"spec": {"replicas": replicas}})

    def delete_pod(self, name: str) -> None:
        """A user deletes a pod; the observer does not blame the operator."""
        uid = self.api.get(self.path("pods", name))["metadata"]["uid"]
        self.observer.not_the_operator(uid)
        self.api.delete(self.path("pods", name), {"preconditions": {"uid": uid}})

    def write_status(self, status: Object, name: str = "web") -> None:
        """Somebody lays hands on a Job's status; the observer does not blame the operator."""
        done = self.api.patch(self.path("echelonjobs", name, "status"), {"status": status})
        self.observer.not_the_operator(done["metadata"]["resourceVersion"])

    def patch_pod(self, name: str, **metadata: Any) -> None:
        self.api.patch(self.path("pods", name), {"metadata": metadata})

    def kubectl(self, *args: str, input: str | None = None, check: bool = True) -> str:
        return self.cluster.kubectl("-n", self.name, *args, input=input, check=check)

    # What is there now.

    def job(self, name: str = "web") -> Object:
        """The Job, asked of the API server."""
        found: Object = self.api.get(self.path("echelonjobs", name))
        return found

    def update(self, name: str) -> Object:
        found: Object = self.api.get(self.path("updates", name))
        return found

    def exists(self, plural: str, name: str) -> bool:
        try:
            self.api.get(self.path(plural, name))
        except ApiError as error:
            if error.code != 404:
                raise
            return False
        return True

    def pods(self, job: str = "web") -> dict[int, PodSeen]:
        """The pods of a Job by instance, as last seen."""
        found = self.sightings.all(self.name, "Pod")
        return {pod.instance: pod for pod in found if pod.job == job}

    def pod(self, instance: int, job: str = "web") -> Object:
        found: Object = self.api.get(self.path("pods", f"{job}-{instance}"))
        return found

    def updates(self, job: str = "web") -> list[Object]:
        """The Updates of a Job, oldest first, as last seen."""
        found = self.sightings.all(self.name, "Update")
        mine = [u for u in found if u["spec"]["job"] == job]
        return sorted(mine, key=lambda u: (u["metadata"]["creationTimestamp"], _number(u)))

    def events(self, about: str) -> list[Object]:
        """The Kubernetes Events about an object of this name."""
        path = f"/apis/events.k8s.io/v1/namespaces/{self.name}/events"
        found: list[Object] = self.api.get(path)["items"]
        return [event for event in found if event["regarding"]["name"] == about]

    def revisions(self, job: str = "web") -> list[Object]:
        """The ControllerRevisions of a Job, oldest first."""
        query = f"?labelSelector=echelon.dev/job%3D{job}"
        found: list[Object] = self.api.get(self.path("controllerrevisions") + query)["items"]
        return sorted(found, key=lambda r: int(r["revision"]))

    # Waiting.

    def until(self, what: str, probe: Callable[[], T], timeout: float = 20.0) -> T:
        """The first true value of ``probe``, asked at each event of the cluster."""
        found = self.sightings.wait(probe, timeout)
        if not found:
            raise AssertionError(f"{timeout:g} s in vain for {what}\n{self.explain()}")
        return found

    def wait_job(
        self, what: str, probe: Callable[[Object], Any], name: str = "web", timeout: float = 20.0
    ) -> Object:
        """The Job as soon as ``probe`` is true of it."""

        def check() -> Object | None:
            found: Object | None = self.sightings.get(self.name, "EchelonJob", name)
            return found if found and probe(found) else None

        found = self.until(f"Job {name}: {what}", check, timeout)
        assert found is not None
        return found

    def wait_ready(self, name: str = "web", timeout: float = 20.0) -> Object:
        """The Job once it is Ready at its present spec."""
        return self.wait_job(
            "Ready at its present generation",
            lambda job: (
                is_true(job, "Ready")
                and job["status"]["observedGeneration"] == job["metadata"]["generation"]
            ),
            name,
            timeout,
        )

    def wait_update(
        self,
        *phases: str,
        name: str = "",
        job: str = "web",
        probe: Callable[[Object], Any] = lambda _: True,
        timeout: float = 20.0,
    ) -> Object:
        """The Update of that name (or the newest of the Job) once it is in one of ``phases``."""

        def check() -> Object | None:
            newest = self.updates(job)[-1:]
            named = self.sightings.get(self.name, "Update", name)
            found: Object | None = named if name else (newest[0] if newest else None)
            return found if found and phase(found) in phases and probe(found) else None

        what = f"Update {name or 'of ' + job} in {' or '.join(phases)}"
        found = self.until(what, check, timeout)
        assert found is not None
        return found

    def roll(self, image: str, *phases: str, job: str = "web", timeout: float = 20.0) -> Object:
        """Change the image and return the Update that this makes, once it is in one of ``phases``
        (by default ended)."""
        generation = self.set_image(image, job)["metadata"]["generation"]
        name = f"{job}-g{generation}"
        return self.wait_update(*(phases or TERMINAL), name=name, job=job, timeout=timeout)

    def made(self, obj: Object, timeout: float = 20.0) -> Object:
        """Create a Job and return it once it is Ready."""
        self.create(obj)
        return self.wait_ready(obj["metadata"]["name"], timeout)

    def describe(self) -> str:
        """For a person who asks why a test failed."""
        shown = self.kubectl("get", "ejob,eup,pods", "-o", "wide", check=False)
        jobs = [_status(obj) for kind in ("EchelonJob", "Update") for obj in self._all(kind)]
        return "\n".join([shown, *jobs])

    def _all(self, kind: str) -> list[Object]:
        found: list[Object] = self.sightings.all(self.name, kind)
        return found[:6]


def _status(obj: Object) -> str:
    shown = json.dumps(obj.get("status", {}), indent=1)
    return f"--- {obj['kind']} {obj['metadata']['name']}\n{shown[:6000]}"


def _number(update: Object) -> int:
    tail: str = update["metadata"]["name"].rpartition("-g")[2]
    return int(tail) if tail.isdecimal() else 0
