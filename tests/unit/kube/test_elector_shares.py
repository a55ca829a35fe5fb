"""Which shards a replica takes when another one lost or left some."""

from __future__ import annotations

import pytest

from controller.kube.client import Client
from controller.kube.config import Connection
from controller.kube.elector import Elector

NOW = 1000.0


def elector(connection: Connection, who: str, holders: str) -> Elector:
    """Replica ``who``, and the words of ``holders``: whom each shard's Lease names. All of them are
    live members, and no Lease has expired."""
    made = Elector(
        Client(connection), namespace="ns", name="echelon", identity=who, shards=4,
        clock=lambda: NOW,
    )  # fmt: skip
    membership = made._membership
    assert membership is not None
    made.stand(True)
    membership.held = True
    membership._known = {name: (f"{name} stamp", NOW) for name in ("one", "two", "three")}
    for lease, holder in zip(made._leases, holders.split(), strict=True):
        lease.seen, lease.holder, lease.free_at = True, holder, NOW + 5
    return made


@pytest.mark.parametrize(("who", "expired"), [("two", False), ("one", False), ("one", True)])
async def test_a_shard_that_one_lost_is_taken_by_that_one_or_when_it_expires(
    connection: Connection, who: str, expired: bool
) -> None:
    """Replica two lost shard 2, which the Lease still says is its own. Each holds one other."""
    made = elector(connection, who, "three one two two")
    made._leases[1 if who == "one" else 3].held = True
    if expired:
        made._leases[2].free_at = NOW - 1
    assert made._wants(2) == (who == "two" or expired)
    made._think()
    assert made.surplus == set()


async def test_the_shards_of_one_whose_leases_all_expired_are_taken_before_it_leaves(
    connection: Connection,
) -> None:
    """Its membership was renewed later than its Leases, so it counts as live a while longer."""
    made = elector(connection, "one", "one one two two")
    made._leases[0].held = made._leases[1].held = True
    assert made._membership is not None
    del made._membership._known["three"]
    made._leases[2].free_at = NOW - 1
    assert not made._wants(2), "two holds the other one"
    made._leases[3].free_at = NOW - 1
    assert made._wants(2)
    assert made._wants(3)
    assert made.replicas == 1
