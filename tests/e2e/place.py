"""The namespace of a test on the real cluster: actions of users, and waits for the results."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any, TypeVar

from hack.devcluster.cluster import Cluster
from hack.e2e.operator_base import ROOT
from hack.harness.patience import patient

T = TypeVar("T")
Object = dict[str, Any]
GROUP = "/apis/echelon.dev/v1alpha1"
ENDED = ("RolledForward", "RolledBack", "Aborted", "Failed", "Error", "Superseded", "Rejected")
_BASES = {"echelonjobs": GROUP, "updates": GROUP, "endpointslices": "/apis/discovery.k8s.io/v1"}


class Place:
    """Makes all requests as an administrator."""

    def __init__(self, cluster: Cluster, name: str) -> None:
        self.cluster = cluster
        self.api = cluster.api
        self.name = name
        #: Lines to show at the end of the session.
        self.notes: list[str] = []

    def begin(self) -> None:
        self.api.create("/api/v1/namespaces", {"metadata": {"name": self.name}})
        account = self.path("serviceaccounts", "default")
        self.cluster.wait("the default ServiceAccount", lambda: self.api.get(account))

    def end(self) -> None:
        """Delete the namespace. Its objects are deleted while other tests run."""
        self.api.delete(f"/api/v1/namespaces/{self.name}")

    # --- present objects ---

    def path(self, plural: str, name: str = "") -> str:
        base = _BASES.get(plural, "/api/v1")
        return "/".join(filter(None, [base, "namespaces", self.name, plural, name]))

    def job(self, name: str = "web") -> Object:
        found: Object = self.api.get(self.path("echelonjobs", name))
        return found

    def pods(self, job: str = "web") -> dict[int, Object]:
        """The pods of a Job by instance, including pods that are being deleted."""
        query = f"?labelSelector=echelon.dev/job%3D{job}"
        found = self.api.get(self.path("pods") + query)["items"]
        return {int(pod["metadata"]["labels"]["echelon.dev/instance"]): pod for pod in found}

    def events(self, about: str) -> list[Object]:
        """The Events about the Job of this name."""
        found: list[Object] = self.api.get(self.path("events"))["items"]
        job = {"kind": "EchelonJob", "name": about}
        return [event for event in found if event["involvedObject"].items() >= job.items()]

    # --- actions of users ---

    def create(self, obj: Object) -> Object:
        made: Object = self.api.create(self.path(f"{obj['kind'].lower()}s"), obj)
        return made

    def kubectl(self, *args: str) -> str:
        return self.cluster.kubectl("-n", self.name, *args)

    def echelon(self, *args: str, timeout: float = 60.0) -> str:
        """Run a command of the command line that must succeed. Returns its output."""
        own = [f"--kubeconfig={self.cluster.kubeconfig}"]
        command = [sys.executable, "-m", "controller.cli", *args, *own]
        done = subprocess.run(
            command,
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=patient(timeout),
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def made(self, obj: Object, timeout: float = 60.0) -> Object:
        """Create a Job, wait until it is Ready, and return it."""
        self.create(obj)
        return self.wait_ready(obj["metadata"]["name"], timeout)

    def change(self, template: Object, job: str = "web") -> str:
        """Change a Job's template. Returns the name of the new Update."""
        patched = self.api.patch(self.path("echelonjobs", job), {"spec": {"template": template}})
        return f"{job}-g{patched['metadata']['generation']}"

    # --- waiting ---

    def wait(self, what: str, probe: Callable[[], T | None], timeout: float = 30.0) -> T:
        """Wait until ``probe`` returns a true value, and return it."""
        found = self.cluster.wait(what, probe, patient(timeout))
        assert found is not None
        return found

    def wait_ready(self, job: str = "web", timeout: float = 60.0) -> Object:
        def ready() -> Object | None:
            found = self.job(job)
            status = found.get("status", {})
            seen = status.get("observedGeneration") == found["metadata"]["generation"]
            return found if seen and condition(found, "Ready") else None

        return self.wait(f"Job {job} to be Ready", ready, timeout)

    def wait_update(
        self,
        name: str,
        probe: Callable[[Object], Any] = lambda update: update["status"]["phase"] in ENDED,
        timeout: float = 90.0,
    ) -> Object:
        """Wait until ``probe`` is true for the Update (by default: it has ended), and return it."""

        def look() -> Object | None:
            found: Object = self.api.get(self.path("updates", name))
            return found if found.get("status", {}).get("phase") and probe(found) else None

        return self.wait(f"Update {name}", look, timeout)

    def describe(self) -> str:
        """The state of the namespace, to explain a failed test."""
        kinds = ("get", "ejob,eup,pods,endpointslices,pdb,emaint,nodes", "-o", "wide")
        shown = [self.cluster.kubectl("-n", self.name, *kinds, check=False)]
        shown.append(self.cluster.kubectl("-n", self.name, "get", "events", check=False))
        for plural in ("echelonjobs", "updates"):
            for obj in self.api.get(self.path(plural))["items"]:
                status = json.dumps(obj.get("status", {}), indent=1)[:4000]
                shown.append(f"--- {plural} {obj['metadata']['name']}\n{status}")
        return "\n".join(shown)


def condition(obj: Object, kind: str) -> bool:
    """Whether a condition is True. An absent one is not."""
    conditions = obj.get("status", {}).get("conditions", ())
    return any(c["type"] == kind and c["status"] == "True" for c in conditions)
