"""The namespace of a test: actions of users, and waits for the operator's results."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

from hack.devcluster.api import ApiError
from hack.devcluster.cluster import Cluster
from hack.harness.manifests import Object, is_true, phase, template
from hack.harness.observer import Observer
from hack.harness.patience import patient
from hack.harness.pods import PodSeen
from hack.harness.sightings import GROUP, Sightings

T = TypeVar("T")
TERMINAL = ("RolledForward", "RolledBack", "Aborted", "Failed", "Error", "Superseded", "Rejected")


class Space:
    """Writes to the API server as an administrator; reads from the watches."""

    def __init__(self, cluster: Cluster, sightings: Sightings, name: str) -> None:
        self.cluster = cluster
        self.api = cluster.api
        self.name = name
        self.sightings = sightings
        self.observer = Observer(sightings, name)
        #: Whether what the test made is left when it ends.
        self.stays = False
        #: Text that is added to the error of a timeout.
        self.explain: Callable[[], str] = lambda: ""

    def begin(self) -> None:
        self.api.create("/api/v1/namespaces", {"metadata": {"name": self.name}})
        account = f"/api/v1/namespaces/{self.name}/serviceaccounts/default"
        self.cluster.wait("the default ServiceAccount", lambda: self.api.get(account))

    def end(self) -> None:
        """Delete what would go on working. The namespace stays: to delete it takes the API server
        longer than most tests (a hundred requests, for each kind of object)."""
        if self.stays:
            return
        for plural in ("echelonjobs", "updates", "pods"):
            query = "?gracePeriodSeconds=0" if plural == "pods" else ""
            # A test may have deleted the namespace; a thousand pods take longer than a request may.
            with suppress(ApiError, OSError):
                self.api.delete(self.path(plural) + query)

    # Paths and requests.

    def path(self, plural: str, name: str = "", sub: str = "") -> str:
        """The path of an object of Echelon, apps/v1, policy/v1 or the core API."""
        base = {"echelonjobs": GROUP, "updates": GROUP, "controllerrevisions": "/apis/apps/v1"}
        base |= {"jobs": "/apis/batch/v1", "cronjobs": "/apis/batch/v1"}
        base |= {"statefulsets": "/apis/apps/v1", "poddisruptionbudgets": "/apis/policy/v1"}
        parts = [base.get(plural, "/api/v1"), "namespaces", self.name, plural, name, sub]
        return "/".join(part for part in parts if part)

    def create(self, obj: Object) -> Object:
        """Create a Job, an Update, or an object of the core API."""
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
        """Change the image (and steering), which makes a new revision."""
        return self.set_template(template(image, **steering), name)

    def set_template(self, wish: Object, name: str = "web") -> Object:
        """Replace the whole template."""
        change = [{"op": "replace", "path": "/spec/template", "value": wish}]
        kind = "application/json-patch+json"
        done: Object = self.api.request("PATCH", self.path("echelonjobs", name), change, kind)
        return done

    def scale(self, replicas: int, name: str = "web") -> None:
        """Scale like `kubectl scale` and a HorizontalPodAutoscaler."""
        self.api.patch(self.path("echelonjobs", name, "scale"), {"spec": {"replicas": replicas}})

    def delete_pod(self, name: str) -> None:
        """Delete a pod as a user; the observer does not count it as the operator's."""
        uid = self.api.get(self.path("pods", name))["metadata"]["uid"]
        self.observer.not_the_operator(uid)
        self.api.delete(self.path("pods", name), {"preconditions": {"uid": uid}})

    def write_status(self, status: Object, name: str = "web") -> None:
        """Write a Job's status as a user; the observer does not count it as the operator's."""
        done = self.api.patch(self.path("echelonjobs", name, "status"), {"status": status})
        self.observer.not_the_operator(done["metadata"]["resourceVersion"])

    def orphan_job(self) -> None:
        """Delete the Job `web` and orphan its objects. The garbage collector needs more than half a
        minute to know a new kind, so the first to ask on a new control plane waits that long."""
        self.kubectl("delete", "ejob/web", "--cascade=orphan", f"--timeout={patient(30):g}s")

    def patch_pod(self, name: str, **metadata: Any) -> None:
        self.api.patch(self.path("pods", name), {"metadata": metadata})

    def kubectl(self, *args: str, input: str | None = None, check: bool = True) -> str:
        return self.cluster.kubectl("-n", self.name, *args, input=input, check=check)

    # Present objects.

    def job(self, name: str = "web") -> Object:
        """The Job, read from the API server."""
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
        """The last observed pods of a Job by instance."""
        found = self.sightings.all(self.name, "Pod")
        return {pod.instance: pod for pod in found if pod.job == job}

    def pod(self, instance: int, job: str = "web") -> Object:
        found: Object = self.api.get(self.path("pods", f"{job}-{instance}"))
        return found

    def updates(self, job: str = "web") -> list[Object]:
        """The last observed Updates of a Job, oldest first."""
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
        """Call ``probe`` at each event of the cluster and return its first true value."""
        timeout = patient(timeout)
        found = self.sightings.wait(probe, timeout)
        if not found:
            raise AssertionError(
                f"timed out after {timeout:g} s waiting for {what}\n{self.explain()}"
            )
        return found

    def wait_job(
        self, what: str, probe: Callable[[Object], Any], name: str = "web", timeout: float = 20.0
    ) -> Object:
        """Wait until ``probe`` is true for the Job, and return the Job."""

        def check() -> Object | None:
            found: Object | None = self.sightings.get(self.name, "EchelonJob", name)
            return found if found and probe(found) else None

        found = self.until(f"Job {name}: {what}", check, timeout)
        assert found is not None
        return found

    def wait_ready(self, name: str = "web", timeout: float = 20.0) -> Object:
        """Wait until the Job is Ready at its present spec, and return it."""
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
        """Wait until the Update of that name (or the Job's newest) is in one of ``phases``; return
        it."""

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
        """Change the image, wait until the new Update is in one of ``phases`` (by default: ended),
        and return it."""
        generation = self.set_image(image, job)["metadata"]["generation"]
        name = f"{job}-g{generation}"
        return self.wait_update(*(phases or TERMINAL), name=name, job=job, timeout=timeout)

    def made(self, obj: Object, timeout: float = 20.0) -> Object:
        """Create a Job, wait until it is Ready, and return it."""
        self.create(obj)
        return self.wait_ready(obj["metadata"]["name"], timeout)

    def describe(self) -> str:
        """The state of the namespace, to explain a failed test."""
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
