"""The floor as a contestant, and another floor program to compare it with."""

from __future__ import annotations

import json
import os
import shlex
import signal
from dataclasses import dataclass
from typing import Any, ClassVar

from hack.bench.contestants.base import PATIENCE, Contestant
from hack.bench.floor import CREATED
from hack.bench.manifests import FLOOR_JOB, ID, floor_pod, job
from hack.bench.rig import JOBS, RigError
from hack.bench.work import Replacement, Strategy

_NAME = "floor"
REFERENCE = "FLOOR_REFERENCE"


@dataclass(frozen=True, slots=True)
class Said:
    """What a floor program printed at its end: seconds and CPU seconds of the replacement."""

    seconds: float
    cpu: float


class Floor(Contestant):
    """The program `hack.bench.floor`. An EchelonJob without instances owns its pods, so that
    they are those of the operator in all but the name of one label."""

    agents = ("floor",)
    replacements: ClassVar = frozenset(Replacement)
    strategies: ClassVar = frozenset(Strategy)

    def create(self) -> None:
        rig = self.rig
        owner = rig.cluster.api.create(JOBS, job(_NAME, 0, 1))["metadata"]["uid"]
        plan = rig.cluster.dir / "floor.json"
        plan.write_text(json.dumps(self._plan(owner)))
        arguments = [f"--server={rig.cluster.url}", f"--certs={rig.cluster.layout.certs}"]
        self.child = rig.child(_NAME, ["-m", "hack.bench.floor", *arguments, f"--plan={plan}"])
        rig.wait("the floor's pods", lambda: CREATED in self._said(), PATIENCE)

    def roll(self) -> None:
        assert self.child is not None
        self.child.send(signal.SIGUSR1)

    def advance(self) -> None:
        """Nothing: the floor's way back is to replace half of the instances once."""

    def back(self) -> None:
        self.roll()

    def goal(self) -> tuple[str, int]:
        return self.work.mark(2), self._first * self.work.jobs

    def done(self) -> bool:
        return '"seconds"' in self._said()

    def said(self) -> Said:
        """What it printed at its end."""
        return read(self._said())

    def clean(self) -> None:
        self.rig.cluster.api.delete(f"{JOBS}/{_NAME}", {"propagationPolicy": "Background"})

    def _said(self) -> str:
        assert self.child is not None
        said = self.child.said()
        if self.child.died and '"seconds"' not in said:
            raise RigError(f"the floor failed:\n{said}")
        return said

    @property
    def _first(self) -> int:
        """Number of instances of each job that it replaces."""
        return self.work.instances // 2 if self.turns_back else self.work.instances

    def _plan(self, owner: str) -> dict[str, Any]:
        work = self.work
        return {
            "jobs": work.jobs,
            "instances": work.instances,
            "window": work.window,
            "first": self._first,
            "replacement": work.replacement.value,
            "strategy": work.strategy.value,
            "old": floor_pod(_NAME, owner, work.template(1)),
            "new": floor_pod(_NAME, owner, work.template(2)),
            "marks": [work.mark(1), work.mark(2)],
            "selector": f"{FLOOR_JOB}={_NAME}",
        }


class Reference(Contestant):
    """Another floor program, named by ``FLOOR_REFERENCE``: a command that takes ``--server --token
    --instances --window --images --pod [--in-place]``, creates pods like the given one, replaces
    and deletes them, and prints a line of JSON with ``seconds`` and ``cpu_seconds``."""

    agents = ("aiohttp",)
    replacements: ClassVar = frozenset({Replacement.RECREATE, Replacement.IN_PLACE})

    @classmethod
    def missing(cls) -> str | None:
        return None if os.environ.get(REFERENCE) else f"{REFERENCE} must be set to a command"

    def whole_turn(self) -> Said:
        """Run the program from its start to its end. Returns what it printed."""
        rig, work = self.rig, self.work
        owner = rig.cluster.api.create(JOBS, job(_NAME, 0, 1))["metadata"]["uid"]
        pod = rig.cluster.dir / "reference.json"
        pod.write_text(floor_pod(_NAME, owner, work.template(1)).replace(ID, "0"))
        command = [*shlex.split(os.environ[REFERENCE]), "--server", rig.cluster.url]
        command += ["--token", self._token(), "--pod", str(pod)]
        command += ["--instances", str(work.instances), "--window", str(work.window)]
        command += ["--images", work.mark(1), work.mark(2)]
        command += ["--in-place"] if work.replacement is Replacement.IN_PLACE else []
        child = rig.program("reference", command)
        rig.wait("the reference", lambda: child.died, PATIENCE)
        said = child.said()
        child.end()
        rig.cluster.api.delete(f"{JOBS}/{_NAME}")
        return read(said)

    def create(self) -> None:
        raise RigError("the reference runs whole turns: name the scenario `floors`")

    roll = back = clean = create

    def _token(self) -> str:
        """A token of a ServiceAccount with all rights."""
        api = self.rig.cluster.api
        self.rig.cluster.kubectl(
            *("create", "clusterrolebinding", "reference", "--clusterrole=cluster-admin"),
            "--serviceaccount=default:default",
            check=False,  # it exists from the second turn on
        )
        path = "/api/v1/namespaces/default/serviceaccounts/default/token"
        request = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
        token: str = api.create(path, request)["status"]["token"]
        return token


def read(said: str) -> Said:
    """The last line that a floor program printed. Raises RigError with all of it if it failed."""
    try:
        found = json.loads(said.splitlines()[-1])
        return Said(float(found["seconds"]), float(found.get("cpu_seconds", found.get("cpu"))))
    except (ValueError, IndexError, KeyError, TypeError):
        raise RigError(f"the floor failed:\n{said}") from None
