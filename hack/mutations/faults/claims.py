"""Faults in how the claims of instances are made and who owns them."""

from __future__ import annotations

from typing import Final

from hack.mutations.fault import Fault

_CORE: Final = "controller/core"
_SHELL: Final = "controller/reconcile/claims"
_CASES: Final = "tests/unit/core/replacement/test_claims.py"
_OWNERS: Final = "tests/unit/core/replacement/test_claim_retention.py"
_WRITES: Final = "tests/unit/reconcile/claims/test_writes.py"

FAULTS: Final = (
    Fault(
        file=f"{_CORE}/replacement/claims.py",
        old="return None if any(goes(context, claims.known[n, i]) for n in names) else create",
        new="return create",
        breaks="A pod is created with a claim that is being deleted, and loses it.",
        tests=(_CASES,),
    ),
    Fault(
        file=f"{_CORE}/replacement/claim_retention.py",
        old="        return Ids(c.instance for c in self._to_pods())",
        new="        return NONE",
        breaks="A pod that scaling removes goes before it owns its claims, which then stay.",
        tests=(_OWNERS,),
    ),
    Fault(
        file=f"{_CORE}/replacement/claim_retention.py",
        old="            change |= self._back(ours & by_pods - self._released, name)",
        new="            pass",
        breaks="A scale down that is taken back deletes the claims of a pod that stays.",
        tests=(_OWNERS,),
    ),
    Fault(
        file=f"{_CORE}/replacement/claim_retention.py",
        old="(NONE if with_job else ours & owned)",
        new="NONE",
        breaks="Claims that are to be retained are deleted with the Job.",
        tests=(_OWNERS,),
    ),
    Fault(
        file=f"{_CORE}/rollout/claims.py",
        old="claim.pod not in _pods(context, claim.instance)",
        new="False",
        breaks="A new pod mounts a claim that the garbage collector is about to delete.",
        tests=(_CASES,),
    ),
    Fault(
        file=f"{_CORE}/rollout/blame.py",
        old='        "ClaimPending",\n',
        new="",
        breaks="A revision counts as bad because its claims have no volume.",
        tests=(_CASES,),
    ),
    Fault(
        file=f"{_SHELL}/writes.py",
        old='seen = {"uid": action.uid, "resourceVersion": meta["resourceVersion"]}',
        new='seen = {"uid": action.uid}',
        breaks="Writing the owners of a claim drops an owner that somebody else wrote meanwhile.",
        tests=(_WRITES,),
    ),
    Fault(
        file=f"{_SHELL}/writes.py",
        old="not in (None, marks[labels.JOB]):",
        new="in ():",
        breaks="Two Jobs take a claim from each other again and again.",
        tests=(_WRITES,),
    ),
    Fault(
        file=f"{_SHELL}/store.py",
        old="        if not item.job or item.uid in self._gone:",
        new="        if not item.job:",
        breaks="A late answer brings a deleted claim back, and the next pod waits for ever.",
        tests=("tests/unit/reconcile/claims/test_store.py",),
    ),
)
