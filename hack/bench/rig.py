"""A control plane with the CRDs, and programs beside it, as a context manager."""

from __future__ import annotations

import os
import re
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from hack.bench.audit import Audit, counted, writes
from hack.bench.limits import GATE, RAISED, Limits
from hack.bench.observer import PODS, Observer
from hack.bench.proc import Sample
from hack.bench.show import Progress
from hack.devcluster import build
from hack.devcluster.cluster import Cluster
from hack.devcluster.process import Child, Guard
from hack.stacked import Stacked

ROOT = Path(__file__).resolve().parents[2]
JOBS = "/apis/echelon.dev/v1alpha1/namespaces/default/echelonjobs"
UPDATES = "/apis/echelon.dev/v1alpha1/namespaces/default/updates"
MANAGER = "kube-controller-manager"
_PARTS = ("etcd", "kube-apiserver", "nodesim", MANAGER, "kube-scheduler")
_METRICS = re.compile(r"metrics on (http://\S+/metrics)")
AT_WORK = "at work:"


class RigError(Exception):
    """A part of the rig failed. The text is shown to the user."""


class _Plane(Cluster):
    """A cluster that records when its API server answered ``/readyz``, and whose programs can be
    started again with other flags."""

    ready_at = 0.0

    def begin(self, name: str) -> None:
        super().begin(name)
        if name == "kube-apiserver":
            self.ready_at = time.monotonic()

    def restart_with(self, name: str, flags: Sequence[str], instead_of: Sequence[str]) -> None:
        """Start a component again, with ``flags`` in the place of others."""
        child = self._child(name)
        self.end(name)
        child.command = [word for word in child.command if word not in instead_of] + [*flags]
        self.begin(name)


class Rig(Stacked):
    """``ready_seconds``: seconds from the start of the control plane until ``/readyz``."""

    def __init__(self, scenario: str, say: Progress, *, nodes: int = 10):
        super().__init__()
        self.cluster = _Plane(
            nodes, audit=True, api_args=[GATE], controller_args=RAISED.controller_flags
        )
        self.ready_seconds = 0.0
        self.limits = RAISED
        #: Contestants that have had a turn that counts nothing.
        self.warm: set[str] = set()
        self.scenario = scenario
        self._say = say
        self._guard = Guard()
        self._stack.callback(self._guard.close)
        self._operator: Child | None = None
        self._started: Counter[str] = Counter()

    def _start(self) -> None:
        for name in build.TARGETS["control-plane"]:
            build.binary(name)  # the start of the cluster must not include it
        began = time.monotonic()
        self._stack.enter_context(self.cluster)
        self.ready_seconds = self.cluster.ready_at - began
        self.cluster.kubectl("apply", f"--filename={ROOT / 'crds'}")
        self.cluster.kubectl("wait", "--for=condition=Established", "crd", "--all")
        taken = time.monotonic() - began
        self.say(
            f"control plane ready after {self.ready_seconds:.1f} s, usable after {taken:.1f} s"
        )

    def say(self, text: str) -> None:
        self._say(self.scenario, text)

    @property
    def audit(self) -> Audit:
        return Audit(self.cluster.audit_log)

    def observe(self) -> Observer:
        """Start an observer of the pods. It ends with the rig."""
        listed = self.cluster.api.get(f"{PODS}?limit=1")
        if listed["items"]:
            raise RigError("the observer must start before there are pods")
        version = listed["metadata"]["resourceVersion"]
        observer = Observer(self.cluster.url, self.cluster.layout.certs, version)
        self._stack.callback(observer.close)
        return observer

    def use(self, limits: Limits) -> None:
        """Start the controller-manager again if its limits are others. Returns when its controllers
        work."""
        if limits == self.limits:
            return
        new, old = limits.controller_flags, self.limits.controller_flags
        self.cluster.restart_with(MANAGER, new, instead_of=old)
        self.limits = limits
        limits.await_controllers(self.cluster)

    # --- the operator ---

    @property
    def operator(self) -> int:
        """The operator's process id."""
        assert self._operator is not None
        assert self._operator.pid is not None
        return self._operator.pid

    def start_operator(self, *args: str) -> None:
        """Start the operator. Returns at once."""
        self._operator = self.child("operator", ["-m", "controller", *_FREE, *args])

    def stop_operator(self) -> None:
        """Stop the operator with SIGTERM. Returns when it has exited."""
        assert self._operator is not None
        self._operator.end()
        self._operator = None

    def await_operator(self, timeout: float = 60.0) -> None:
        """Return when the operator logs that it acts."""
        self.wait("the operator to act", lambda: AT_WORK in self.operator_log(), timeout)

    def operator_log(self) -> str:
        """The log of the operator since its last start."""
        assert self._operator is not None
        return self._operator.log.read_text(errors="replace")

    def metrics(self) -> str:
        """The operator's Prometheus metrics."""
        found = _METRICS.search(self.operator_log())
        if found is None:
            raise RigError("the operator did not log the address of its metrics")
        with urllib.request.urlopen(found[1], timeout=30) as answer:
            text: str = answer.read().decode()
            return text

    def written(self) -> Counter[str]:
        """The operator's writes so far, as its metrics count them."""
        return writes(counted(self.metrics()))

    # --- processes ---

    def child(self, name: str, arguments: Sequence[str]) -> Child:
        """A Python process of this project for this cluster. It ends with the rig at the latest."""
        # ECHELON_ variables of the user's shell are not meant for this operator.
        unset = [f"--unset={each}" for each in os.environ if each.startswith("ECHELON_")]
        path = f"PYTHONPATH={ROOT}"
        return self.program(name, ["env", *unset, path, sys.executable, *arguments])

    def program(
        self, name: str, command: Sequence[str], variables: Mapping[str, str] | None = None
    ) -> Child:
        """Start any program for this cluster, with a log of its own. It ends with the rig at the
        latest."""
        self._started[name] += 1
        own = {"KUBECONFIG": str(self.cluster.kubeconfig), **(variables or {})}
        words = ["env", *(f"{key}={value}" for key, value in own.items()), *command]
        number = self._started[name]
        child = Child(f"{name}-{number}", words, self.cluster.log_dir, self._guard)
        self._stack.callback(child.end)
        child.start()
        return child

    def wait(self, what: str, probe: object, timeout: float, pause: float = 0.02) -> None:
        """Wait until ``probe()`` is true. Raises RigError at the timeout, or if the operator
        exits."""
        assert callable(probe)
        deadline = time.monotonic() + timeout
        while not probe():
            if self._operator is not None and self._operator.died:
                raise RigError(f"the operator has exited:\n{self._operator.said()}")
            if time.monotonic() > deadline:
                said = self._operator.said() if self._operator else ""
                raise RigError(f"timed out after {timeout:g} s waiting for {what}\n{said}")
            time.sleep(pause)

    def sample(self, **more: int) -> Sample:
        """The CPU used so far by each process. ``more``: process ids of other programs by name."""
        pids = {name: self.cluster.pid(name) for name in _PARTS}
        if self._operator is not None:
            pids["operator"] = self._operator.pid
        pids |= {name: pid for name, pid in more.items() if pid not in pids.values()}
        return Sample.take({name: pid for name, pid in pids.items() if pid is not None})


_FREE = ("--metrics-address=127.0.0.1:0", "--health-address=127.0.0.1:0")
