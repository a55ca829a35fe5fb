"""Faults in who may act, and when."""

from __future__ import annotations

from typing import Final

from hack.mutations.fault import Fault

_UNIT: Final = "tests/unit"

FAULTS: Final = (
    Fault(
        file="controller/kube/transport.py",
        old="request_class=_guarded(lambda: self.guard),",
        new="",
        breaks="A write is not checked when it is sent, so one that was frozen sends it late.",
        tests=(f"{_UNIT}/kube/test_transport.py",),
    ),
    Fault(
        file="controller/reconcile/ownership.py",
        old="same = self._terms.get(shard) == self._leases.term(shard)",
        new="same = shard in self._terms",
        breaks="After a Lease was lost and got again, writes go on from what was listed before.",
        tests=(f"{_UNIT}/reconcile/test_ownership.py",),
    ),
    Fault(
        file="controller/leading.py",
        old="            self._next_list = None\n            await self._feeds.renewed()\n",
        new="            await self._feeds.renewed()\n            self._next_list = None\n",
        breaks="A shard is worked on after a list that had begun before its Lease was held.",
        tests=(f"{_UNIT}/test_leading.py",),
    ),
    Fault(
        file="controller/leading.py",
        old="        await self._reconciler.end(self._shards.accepts, GRACE)\n",
        new="",
        breaks="A shard is given to another replica while writes for it are in flight.",
        tests=(f"{_UNIT}/test_leading.py",),
    ),
    Fault(
        file="controller/kube/elector.py",
        old="holders = Counter(lease.named() for lease in self._leases)",
        new="holders = Counter(lease.holder for lease in self._leases)",
        breaks="Each replica leaves a shard whose holder is gone to another one, for ever.",
        tests=(f"{_UNIT}/kube/test_elector.py",),
    ),
    Fault(
        file="controller/kube/elector.py",
        old="if self._membership is None or not self._able:\n            return self._able\n",
        new="if self._membership is None:\n            return True\n",
        breaks="A replica that cannot list takes the Lease, and no Job is served.",
        tests=(f"{_UNIT}/kube/test_elector.py", f"{_UNIT}/test_app.py"),
    ),
    Fault(
        file="controller/kube/elector.py",
        old="self.surplus = frozenset(mine)",
        new="self.surplus = frozenset()",
        breaks="A holder that sees nothing any more keeps the Lease.",
        tests=(f"{_UNIT}/kube/test_elector.py", f"{_UNIT}/test_app.py"),
    ),
    Fault(
        file="controller/kube/elector.py",
        old="known = self._membership is None and lease.term == 1",
        new="known = True",
        breaks="Work begins without a list that is newer than the replica's own late writes.",
        tests=(f"{_UNIT}/kube/test_elector.py",),
    ),
    Fault(
        file="controller/kube/lease.py",
        old="self.free_at = self._observed[1] + duration",
        new="self.free_at = self._observed[1]",
        breaks="A Lease is taken while its holder may still act.",
        tests=(f"{_UNIT}/kube/test_lease.py",),
    ),
    Fault(
        file="controller/kube/elector.py",
        old="return not blocked",
        new="return True",
        breaks="While the main loop is blocked, its Leases are renewed and nobody takes over.",
        tests=(f"{_UNIT}/kube/test_elector.py",),
    ),
    Fault(
        file="controller/kube/membership.py",
        old='{"op": "test", "path": "/spec/holderIdentity", "value": self.identity},',
        new="",
        breaks="A replica renews the Lease that an operator of another number of shards took.",
        tests=(f"{_UNIT}/kube/test_membership.py",),
    ),
    Fault(
        file="controller/kube/lease.py",
        old="if won and not self._releasing:",
        new="if won:",
        breaks="The answer of a renewal under way undoes the release.",
        tests=(f"{_UNIT}/kube/test_lease.py",),
    ),
)
