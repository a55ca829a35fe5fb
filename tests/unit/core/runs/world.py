"""A simulated API server for decisions about one Cron or Adhoc Job: it carries out each write, and
plays Kubernetes' controllers when a test says so."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from controller.api.ids import NONE
from controller.api.job import Job, JobSpec, JobStatus
from controller.api.meta import ObjectMeta
from controller.api.update import Update
from controller.core.decide import decide
from controller.core.model.observed import Observed, Refusal, Revision, Verdict
from controller.core.model.plan import (
    CheckTemplate,
    EndRun,
    EnsureRevision,
    Event,
    KeepCronJob,
    MakeRun,
    MarkAdmitted,
    Plan,
    ReadJob,
    Write,
    WriteJob,
    WriteUpdate,
)
from controller.core.model.runs import CronJob, Run, Runs
from controller.core.pods.index import Instances
from controller.core.revisions import data as revision_data
from controller.core.revisions import revision as revisions
from controller.core.runs import manifest

START = 1_780_000_020.0  # 20:27 UTC
UID = "uid-of-web"


def pod_template(image: str = "web:1", **container: Any) -> dict[str, Any]:
    return {"spec": {"containers": [{"name": "web", "image": image, **container}]}}


@dataclass
class World:
    spec: dict[str, Any]
    now: float = START
    status: JobStatus = field(default_factory=JobStatus)
    revisions: dict[str, Revision] = field(default_factory=dict)
    runs: list[Run] = field(default_factory=list)
    cron: CronJob | None = None
    updates: dict[str, Update] = field(default_factory=dict)
    verdict: Verdict | None = None
    refuses: Verdict = field(default_factory=lambda: Verdict(True))
    refused_writes: dict[str, Refusal] = field(default_factory=dict)
    followed: bool = True
    events: list[Event] = field(default_factory=list)
    live: bool = False
    annotations: dict[str, str] = field(default_factory=dict)
    #: Names of all runs that were ever created.
    made: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, kind: str = "Adhoc", **spec: Any) -> World:
        given = {"instances": 2, "template": pod_template(), "type": kind, **spec}
        if kind == "Cron":
            given.setdefault("cron", {"schedule": "*/5 * * * *"})
        return cls(given)

    @property
    def job(self) -> Job:
        meta = ObjectMeta(
            name="web", namespace="shop", uid=UID, generation=1, annotations=self.annotations
        )
        return Job(metadata=meta, spec=JobSpec.model_validate(self.spec), status=self.status)

    @property
    def template(self) -> bytes:
        return revision_data.of_job(self.spec)

    @property
    def revision(self) -> str:
        return revisions.revision_name("web", revisions.digest(self.template))

    def observed(self) -> Observed:
        return Observed(
            job=self.job,
            revision=self.revision,
            view=Instances(UID).view(NONE),
            updates=self.updates,
            revisions=self.revisions,
            templates={self.revision: self.template},
            verdict=self.verdict,
            refused_writes=self.refused_writes,
            job_live=self.live,
            runs=Runs(tuple(self.runs), self.cron, self.followed, "" if self.followed else "no").of(
                UID
            ),
        )

    def decide(self) -> Plan:
        return decide(self.observed(), self.now)

    def step(self) -> Write | None:
        """Carry out one decision. Returns its write."""
        plan = self.decide()
        if plan.write is not None:
            self.perform(plan.write)
        for action in plan.actions:
            self.runs = [run for run in self.runs if run.uid != getattr(action, "uid", "")]
        for report in plan.reports if plan.write is None else ():
            self.perform(report)
        return plan.write

    def settle(self) -> Plan:
        """Decide until nothing is written any more. Returns the last plan."""
        for _ in range(50):
            plan = self.decide()
            if plan.write is None and not plan.actions and not plan.reports:
                return plan
            self.step()
        raise AssertionError(f"does not settle: {self.decide()}")

    def restart(self) -> None:
        """The operator was killed: what is only in memory is lost."""
        self.verdict, self.live, self.refused_writes = None, False, {}

    def perform(self, write: Write) -> None:
        match write:
            case WriteJob():
                self.status = write.status
                self.events += write.events
            case CheckTemplate():
                self.verdict = self.refuses
            case ReadJob():
                self.live = True
            case EnsureRevision():
                known = Revision(write.revision, f"uid-{write.revision}", write.number)
                self.revisions[write.revision] = known
            case MakeRun():
                if any(run.is_active for run in self.runs):
                    return
                if all(run.name != write.name for run in self.runs):
                    self.start(write.name, write.revision)
            case EndRun():
                self.change(write.name, deleted=True)
            case KeepCronJob():
                if write.revision is None:
                    assert self.cron is not None
                    self.cron = replace(self.cron, settings=manifest.settings(self.job))
                    return
                made = manifest.cron_job(self.job, write.revision, self.template)
                digest = made["metadata"]["annotations"]["echelon.dev/made-from"]
                uid = self.cron.uid if self.cron else "uid-of-cron"
                self.cron = CronJob("web", uid, UID, digest, manifest.settings(self.job))
            case WriteUpdate():
                before = self.updates[write.name]
                self.updates[write.name] = before.model_copy(update={"status": write.status})
            case MarkAdmitted():
                update = self.updates[write.name]
                notes = {"echelon.dev/admitted": update.metadata.uid}
                meta = update.metadata.model_copy(update={"annotations": notes})
                self.updates[write.name] = update.model_copy(update={"metadata": meta})
            case _:
                raise AssertionError(f"not for a Job with runs: {write}")

    # Kubernetes' controllers.

    def start(self, name: str, revision: str = "", *, owner: str = UID, **fields: Any) -> Run:
        count = self.spec["instances"]
        run = Run(
            name,
            f"uid-{name}-{len(self.made)}",
            owner,
            revision or self.revision,
            float(int(self.now)),
            instances=count,
            active=count,
        )
        self.runs.append(run := replace(run, **fields))
        self.made.append(name)
        return run

    def tick(self, at: float, **fields: Any) -> Run:
        """The CronJob starts the run that was scheduled for ``at``."""
        assert self.cron is not None
        name = f"web-{int(at) // 60}"
        self.cron = replace(self.cron, last=at)
        return self.start(name, owner=self.cron.uid, scheduled=at, **fields)

    def change(self, name: str, **fields: Any) -> None:
        self.runs = [replace(r, **fields) if r.name == name else r for r in self.runs]

    def succeed(self, name: str) -> None:
        count = self.spec["instances"]
        self.change(name, ended=float(int(self.now)), active=0, succeeded=count)

    def fail(self, name: str, reason: str = "FailedIndexes", succeeded: int = 0) -> None:
        fields = {"ended": float(int(self.now)), "active": 0, "succeeded": succeeded}
        self.change(name, reason=reason, message="Job has failed indexes", **fields)

    def go(self, name: str) -> None:
        """The run is gone."""
        self.runs = [run for run in self.runs if run.name != name]

    # What the status says.

    def condition(self, name: str) -> tuple[str, str, str]:
        found = next(c for c in self.status.conditions if c.type == name)
        return found.status, found.reason, found.message

    @property
    def true(self) -> set[str]:
        names = ("Ready", "Reconciling", "Stalled")
        return {name for name in names if self.condition(name)[0] == "True"}

    @property
    def reasons(self) -> list[str]:
        return [event.reason for event in self.events]
