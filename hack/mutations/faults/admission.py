"""Faults in how an Update starts, and in what a Job does without one."""

from __future__ import annotations

from typing import Final

from hack.mutations.fault import Fault

_CORE: Final = "controller/core"
_TESTS: Final = "tests/unit/core"

FAULTS: Final = (
    # admission
    Fault(
        file=f"{_CORE}/admission/lock.py",
        old="return marked(update) or _take_lock(context, update, target)",
        new="return _take_lock(context, update, target) or marked(update)",
        breaks="The lock is taken before the Update carries the mark of its uid.",
        tests=(f"{_TESTS}/admission/test_automatic.py",),
    ),
    Fault(
        file=f"{_CORE}/admission/revision.py",
        old="if existing is None or existing.number < newest:",
        new="if existing is None:",
        breaks="A revision that is used again does not become the newest of its Job.",
        tests=(f"{_TESTS}/admission/test_automatic.py",),
    ),
    Fault(
        file=f"{_CORE}/admission/lock.py",
        old="    if mark in (None, update.metadata.uid):",
        new="    if mark is None or update.metadata.uid:",
        breaks="An Update that comes back from a backup runs a second time.",
        tests=(f"{_TESTS}/test_restored.py",),
    ),
    Fault(
        file=f"{_CORE}/admission/automatic.py",
        old="bad = context.revisions.bad(context.observed.revision) is not None",
        new="bad = context.revisions.bad(context.observed.revision) is None",
        breaks="A revision that failed before is rolled out again by itself.",
        tests=(f"{_TESTS}/admission/test_automatic.py",),
    ),
    Fault(
        file=f"{_CORE}/admission/target.py",
        old="if parent is not None and parent != current:",
        new="if parent is not None and not parent:",
        breaks="An Update starts although its parent is not what runs.",
        tests=(f"{_TESTS}/admission/test_explicit.py",),
    ),
    # where revisions come from, and the parent that a template expects
    Fault(
        file=f"{_CORE}/admission/waits.py",
        old='if expected in ("", current):',
        new="if current or not expected:",
        breaks="A template goes out although it was built on another revision than runs.",
        tests=(f"{_TESTS}/admission/test_expected_parent.py",),
    ),
    Fault(
        file=f"{_CORE}/admission/automatic.py",
        old="    return able and waits_by_choice(context) is None",
        new="    return able",
        breaks="A template that waits for its parent is made a revision, and holds up scaling.",
        tests=(f"{_TESTS}/admission/test_expected_parent.py",),
    ),
    Fault(
        file=f"{_CORE}/admission/revision.py",
        old="if stored is None or last is None or last.revision != present:",
        new="if stored is None:",
        breaks="A new commit is written to an old revision before its Update.",
        tests=(f"{_TESTS}/admission/test_revision.py",),
    ),
    Fault(
        file=f"{_CORE}/admission/revision.py",
        old="    if revision != context.observed.revision:",
        new="    if not revision:",
        breaks="An older revision, to which somebody goes back, gets the source of the newest.",
        tests=(f"{_TESTS}/admission/test_revision.py",),
    ),
    Fault(
        file=f"{_CORE}/job/scaling.py",
        old='"to": target.model_copy(update={"instances": instances}),',
        new='"to": type(target)(revision=target.revision, instances=instances),',
        breaks="A scale during an Update makes the Update forget its source and parent.",
        tests=(f"{_TESTS}/admission/test_revision.py",),
    ),
    # job
    Fault(
        file=f"{_CORE}/job/creation.py",
        old="    return revisions if wanted else None",
        new="    return None",
        breaks="ControllerRevisions that a former Job left are not adopted.",
        tests=(f"{_TESTS}/test_restored.py",),
    ),
    Fault(
        file=f"{_CORE}/job/creation.py",
        old="tried = others[0] if set(assigned) != {present} else present",
        new="tried = present",
        breaks="A restored Job claims that its template was tried, and no Update brings it.",
        tests=(f"{_TESTS}/test_restored.py",),
    ),
    Fault(
        file=f"{_CORE}/job/scaling.py",
        old="{context.status.current_revision or context.observed.revision: rest}",
        new="{context.observed.revision: rest}",
        breaks="Instances that a scale adds run a template that no Update has brought.",
        tests=(f"{_TESTS}/job/test_scaling.py",),
    ),
    Fault(
        file=f"{_CORE}/job/scaling.py",
        old="origin = asg.within(asg.moved(origin, {base: desired - known}), desired)",
        new="origin = asg.within(origin, desired)",
        breaks="A rollback removes the instances that a scale added while the update ran.",
        tests=(f"{_TESTS}/job/test_scaling.py",),
    ),
    Fault(
        file=f"{_CORE}/job/scaling.py",
        old="if refused is not None and count != refused:",
        new="if refused is not None:",
        breaks="A count that a rollback overruled is obeyed again at once.",
        tests=(f"{_TESTS}/job/test_scaling.py",),
    ),
    Fault(
        file=f"{_CORE}/job/pruning.py",
        old="        needed |= _needed_by(update)",
        new="        _needed_by(update)",
        breaks="A revision that the active Update needs for its rollback is pruned.",
        tests=(f"{_TESTS}/job/test_pruning.py",),
    ),
    Fault(
        file=f"{_CORE}/job/unavailable.py",
        old="if still_down := (ids & down) - known:",
        new="if still_down := (ids & down) - down:",
        breaks="Each restart of the operator begins the time of a lost instance anew.",
        tests=(f"{_TESTS}/job/test_unavailable.py",),
    ),
    Fault(
        file=f"{_CORE}/job/status.py",
        old="least = max(min(1, count), count - max(resolved.strategy.groups))",
        new="least = count - max(resolved.strategy.groups)",
        breaks="A Job of one instance that is down is Available.",
        tests=(f"{_TESTS}/job/test_status.py",),
    ),
)
