"""Faults in the shell: what is sent to the API server, and what is remembered of its answers."""

from __future__ import annotations

from typing import Final

from hack.mutations.fault import Fault

_SHELL: Final = "controller/reconcile"
_TESTS: Final = "tests/unit/reconcile"
#: Its other tests take long.
_WORKER: Final = f"{_TESTS}/test_worker.py"

FAULTS: Final = (
    # what cannot be read
    Fault(
        file="controller/api/lenient.py",
        old='if len(place := e["loc"]) > 1} - needed\n',
        new='if len(place := e["loc"]) > 1}\n',
        breaks="An Update whose group cannot be read ends while old pods run.",
        tests=("tests/unit/api/test_lenient.py",),
    ),
    # swap, intent
    Fault(
        file=f"{_SHELL}/swap.py",
        old="if (now.uid, now.resource_version) != (meta.uid, meta.resource_version):",
        new="if now.uid != meta.uid:",
        breaks="A status is written that was decided from an older version of the object.",
        tests=(f"{_TESTS}/test_swap.py",),
    ),
    Fault(
        file=f"{_SHELL}/swap.py",
        old='"metadata": {"uid": of.uid, "resourceVersion": of.resource_version},',
        new='"metadata": {"uid": of.uid},',
        breaks="Writes of a status are no compare-and-swap.",
        tests=(f"{_TESTS}/test_swap.py",),
    ),
    Fault(
        file=f"{_SHELL}/intent.py",
        old='                "resourceVersion": meta.resource_version,\n',
        new="",
        breaks="An Update is marked as admitted although its spec has changed meanwhile.",
        tests=(f"{_TESTS}/test_intent.py",),
    ),
    Fault(
        file=f"{_SHELL}/intent.py",
        old="            entry.gone.add(name)\n            return",
        new="            return",
        breaks="An Update that was deleted keeps the lock of its Job for ever.",
        tests=(f"{_TESTS}/test_intent.py",),
    ),
    Fault(
        file=f"{_SHELL}/intent.py",
        old="if not (same and entry.is_of(job)) or entry.revision != template:",
        new="if not entry.is_of(job):",
        breaks="What the API server said of one template counts for the next one.",
        tests=(f"{_TESTS}/test_swap.py",),
    ),
    # controller_revisions
    Fault(
        file=f"{_SHELL}/controller_revisions.py",
        old="go_json.dump(body)",
        new="json.dumps(body).encode()",
        breaks="The data of a ControllerRevision is not what Go writes, and cannot be patched.",
        tests=(f"{_TESTS}/test_controller_revisions.py",),
    ),
    Fault(
        file=f"{_SHELL}/controller_revisions.py",
        old='{"resourceVersion": old["resourceVersion"], **metadata}',
        new="{**metadata}",
        breaks="A ControllerRevision is changed without the version that was read.",
        tests=(f"{_TESTS}/test_controller_revisions.py",),
    ),
    Fault(
        file=f"{_SHELL}/controller_revisions.py",
        old="return _ours(entry) if free else None",
        new="return _ours(entry)",
        breaks="A ControllerRevision that somebody else owns by now is adopted.",
        tests=(f"{_TESTS}/test_controller_revisions.py",),
    ),
    # worker
    Fault(
        file=f"{_SHELL}/worker.py",
        old='        entry.live = ""\n',
        new="",
        breaks="A Job read live in an earlier reconcile counts as live in the next one.",
        tests=(f"{_WORKER}::test_what_was_read_live_counts_for_one_reconcile",),
    ),
    Fault(
        file=f"{_SHELL}/worker.py",
        old="if await self.reports.through(key):",
        new="if False and await self.reports.through(key):",
        breaks="A write of intent is sent while a report about the same object is on its way.",
        tests=(f"{_TESTS}/test_reports.py::test_intent_does_not_conflict_with_a_report_under_way",),
    ),
    Fault(
        file=f"{_SHELL}/reports.py",
        old="dict.fromkeys(map(_name, due), now + self._every)",
        new="dict.fromkeys(map(_name, due), now)",
        breaks="Reports are written as often as pods change, instead of once a second.",
        tests=(f"{_WORKER}::test_reports_of_an_object_are_written_once_a_second",),
    ),
    Fault(
        file=f"{_SHELL}/worker.py",
        old="entry.refused_writes[what] = found\n",
        new="entry.refused_writes.get(what)\n",
        breaks="A refused Update or revision is sent again at once, without a back-off.",
        tests=(f"{_TESTS}/test_alone.py",),
    ),
    Fault(
        file=f"{_SHELL}/worker.py",
        old="            self._at(key, found.wake_at)",
        new="            pass",
        breaks="No Job is decided again at its next deadline.",
        tests=(f"{_WORKER}::test_a_job_is_decided_again_at_its_next_moment",),
    ),
    Fault(
        file=f"{_SHELL}/worker.py",
        old="            entry.forget_refused(found.held)",
        new="            entry.forget_refused(frozenset())",
        breaks="The next decision forgets the back-off of a refused delete.",
        tests=(f"{_WORKER}::test_a_refused_delete_is_not_repeated_before_its_back_off_ends",),
    ),
    # pods
    Fault(
        file=f"{_SHELL}/pods.py",
        old="entry.instances.assume_repaired((action.instance, action.surge), action.uid)",
        new="pass",
        breaks="A repair leaves no assumption, so each pod event sends it again.",
        tests=(f"{_TESTS}/test_pods.py",),
    ),
    Fault(
        file=f"{_SHELL}/pods.py",
        old="entry.refused_actions[action.key] = refused",
        new="pass",
        breaks="A refused delete has no back-off and is not reported.",
        tests=(f"{_TESTS}/test_pods.py",),
    ),
    Fault(
        file=f"{_SHELL}/pods.py",
        old="                uid=action.uid,\n",
        new="",
        breaks="A delete carries no uid, and may take the successor of its pod.",
        tests=(f"{_TESTS}/test_inplace.py",),
    ),
    Fault(
        file=f"{_SHELL}/pods.py",
        old="            case plan.DeletePod() if not granted:",
        new="            case plan.DeletePod() if granted:",
        breaks="A delete that was granted leaves no assumption, one that was refused keeps it.",
        tests=(f"{_TESTS}/test_pods.py",),
    ),
    Fault(
        file=f"{_SHELL}/pruning.py",
        old="entry.key[0], action.name, uid=action.uid, propagation=how",
        new="entry.key[0], action.name, propagation=how",
        breaks="A prune may delete a new Update that has the name of an old one.",
        tests=(f"{_TESTS}/test_pruning.py",),
    ),
    Fault(
        file=f"{_SHELL}/pods.py",
        old='{"uid": action.uid, "labels": marks}',
        new='{"labels": marks}',
        breaks="A repair may label a pod of the same name that is not the one that was seen.",
        tests=(f"{_TESTS}/test_pods.py",),
    ),
    # creation
    Fault(
        file=f"{_SHELL}/pods.py",
        old="            creation.assume(creates)\n",
        new="",
        breaks="A create leaves no assumption, so the next decision sends it again.",
        tests=(f"{_TESTS}/test_creation.py",),
    ),
    Fault(
        file=f"{_SHELL}/ramp.py",
        old="            return held\n",
        new="            continue\n",
        breaks="A quota that is used up costs one request for every missing pod.",
        tests=(f"{_TESTS}/test_ramp.py",),
    ),
    Fault(
        file=f"{_SHELL}/creation.py",
        old="                self._take_back(list(open_.values()), held)",
        new="                pass",
        breaks="Pods whose create was never sent stay in the store for ever.",
        tests=(f"{_TESTS}/test_creation.py",),
    ),
    Fault(
        file=f"{_SHELL}/creation.py",
        old="        if is_kept(raw, self.entry):\n            return raw\n        conflict",
        new="        conflict",
        breaks="A pod of ours that the watch does not show yet counts as a foreign one.",
        tests=(f"{_TESTS}/test_creation.py",),
    ),
    Fault(
        file=f"{_SHELL}/creation.py",
        old="before = self.entry.refusals.get(action.instance)",
        new="before = None",
        breaks="The pauses after refused creates do not grow.",
        tests=(f"{_TESTS}/test_creation.py",),
    ),
    # inplace
    Fault(
        file=f"{_SHELL}/inplace.py",
        old="if isinstance(error, Forbidden) or refusal.answer(error).is_denial:",
        new="if error.status == 0:",
        breaks="A resize that a quota refuses deletes the pod that serves.",
        tests=(f"{_TESTS}/test_inplace_admission.py",),
    ),
    Fault(
        file=f"{_SHELL}/inplace.py",
        old="        if patch.is_restarting(live, self.clock()):\n            return False\n",
        new="",
        breaks="A second change in place counts the restart of the first one as a failure.",
        tests=(f"{_TESTS}/test_inplace.py",),
    ),
    Fault(
        file=f"{_SHELL}/inplace.py",
        old="            await self._resize(action, tried, dry_run=True)",
        new="            pass",
        breaks="A pod is marked for a resize that the API server then refuses.",
        tests=(f"{_TESTS}/test_inplace.py",),
    ),
    # store, entry
    Fault(
        file=f"{_SHELL}/store.py",
        old='        if meta["uid"] in self._dead:\n            return\n',
        new="",
        breaks="A list that was under way brings a deleted Job back.",
        tests=(f"{_TESTS}/test_store.py",),
    ),
    Fault(
        file=f"{_SHELL}/store.py",
        old="        if item.uid not in self._gone:\n",
        new="        if item.uid:\n",
        breaks="The late answer to a create brings a pod back that is gone.",
        tests=(f"{_TESTS}/test_store.py",),
    ),
    Fault(
        file=f"{_SHELL}/store.py",
        old="(item.uid in self._gone or not pod.labelled):",
        new="item.uid in self._gone:",
        breaks="A pod that lost its label is never looked at again, and its instance is stuck.",
        tests=(f"{_TESTS}/test_apart.py",),
    ),
    Fault(
        file=f"{_SHELL}/refusal.py",
        old="if (p := pods.get((i, r.surge))) and p.uid}",
        new="if pods.get((i, r.surge))}",
        breaks="A create under way counts as a success, so the back-off of creates never grows.",
        tests=(f"{_TESTS}/test_creation.py",),
    ),
    Fault(
        file=f"{_SHELL}/entry.py",
        old="job_live=self.live == job.metadata.resource_version,",
        new="job_live=bool(self.live),",
        breaks="A Job that changed since it was read live still counts as live.",
        tests=(f"{_TESTS}/test_entry.py",),
    ),
    Fault(
        file=f"{_SHELL}/revision_objects.py",
        old="return self.owner != uid and self.free and",
        new="return self.owner != uid and",
        breaks="The operator tries for ever to adopt revisions of somebody else.",
        tests=(f"{_TESTS}/test_entry.py",),
    ),
    # decode, nodes, gate_runner
    Fault(
        file=f"{_SHELL}/decode.py",
        old="if phase not in TERMINAL and engine.is_newer(",
        new="if phase in TERMINAL and engine.is_newer(",
        breaks="An older operator carries on an Update of a newer engine.",
        tests=(f"{_TESTS}/test_engine.py",),
    ),
    Fault(
        file=f"{_SHELL}/decode.py",
        old="None if phase in TERMINAL and answered else update,",
        new="None if phase in TERMINAL else update,",
        breaks="A verb on an Update that has ended is not answered.",
        tests=(f"{_TESTS}/test_decode.py",),
    ),
    Fault(
        file=f"{_SHELL}/nodes.py",
        old="return Node(ready=False, read_at=now)  #",
        new="return Node(ready=True, read_at=now)  #",
        breaks="A node that was deleted counts as well, and its pods as failures.",
        tests=(f"{_TESTS}/test_nodes.py",),
    ),
    Fault(
        file=f"{_SHELL}/gate_runner.py",
        old="            entry.asking.add(ask.gate.name)\n",
        new="",
        breaks="A gate is asked again before its answer arrives.",
        tests=(f"{_TESTS}/test_gate_runner.py",),
    ),
)
