"""The node's network: one link to this machine, and a bridge inside the box for its pods.

The addresses are from the first /24 of 198.18.0.0/15 (reserved for tests, RFC 2544) without a
route: the machine is .1, the node .2, pods are in the upper half. The machine reaches all of them
by one route. Pods cannot reach other networks, so no image can be pulled and no masquerading is
needed. The nodes of one cluster have a direct link to each other: the machine forwards nothing.
"""

from __future__ import annotations

import ipaddress
import json
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_RANGE = ipaddress.IPv4Network("198.18.0.0/15")


@dataclass(frozen=True)
class Network:
    """The addresses of one node, and the name of its link on the machine."""

    link: str
    subnet: ipaddress.IPv4Network

    @property
    def host(self) -> str:
        return str(self.subnet[1])

    @property
    def node(self) -> str:
        return str(self.subnet[2])

    @property
    def pods(self) -> ipaddress.IPv4Network:
        return list(self.subnet.subnets())[1]

    def connect(self, pid: int) -> None:
        """Create the link between this machine and the network namespace of a process."""
        peer = ["peer", "name", "eth0", "netns", str(pid)]
        _ip("link", "add", self.link, "type", "veth", *peer)
        _ip("address", "add", f"{self.host}/30", "dev", self.link)
        _ip("link", "set", self.link, "up")
        inside = _inside(pid)
        _ip("address", "add", f"{self.node}/30", "dev", "eth0", within=inside)
        _ip("link", "set", "eth0", "up", within=inside)
        _ip("route", "add", str(self.pods), "via", self.node, "dev", self.link)

    def join(self, pid: int, other: Network, other_pid: int) -> None:
        """Link two nodes, given a process of each, so that the pods of both reach each other. The
        link is removed with the first of the two."""
        here, there = other.link, self.link  # each end has the name of the node that it leads to
        peer = ["peer", "name", there, "netns", str(other_pid)]
        _ip("link", "add", here, "type", "veth", *peer, within=_inside(pid))
        self._reach(pid, here, other)
        other._reach(other_pid, there, self)

    def _reach(self, pid: int, link: str, other: Network) -> None:
        """Route what this node sends to another one, and to its pods, over a link."""
        inside = _inside(pid)
        # Without an address of its own the link would ask by that of the Service, as both have it.
        _ip("address", "add", f"{self.node}/32", "dev", link, within=inside)
        _ip("link", "set", link, "up", within=inside)
        _ip("route", "add", f"{other.node}/32", "dev", link, within=inside)
        _ip("route", "add", str(other.pods), "via", other.node, "dev", link, within=inside)

    def serve(self, pid: int, address: str) -> None:
        """Add an address to the node: that of a Service."""
        inside = _inside(pid)
        _ip("address", "add", f"{address}/32", "dev", "lo", within=inside)

    def disconnect(self) -> None:
        with suppress(subprocess.CalledProcessError):  # it is removed with the box, too
            _ip("link", "delete", self.link)

    def present(self) -> list[str]:
        """The parts of the network that still exist on the machine."""
        return known(self.node, self.link)

    def cni(self, state: Path) -> dict[str, Any]:
        """The configuration of the pods' network."""
        addresses = {
            "type": "host-local",
            "ranges": [[{"subnet": str(self.pods)}]],
            "dataDir": str(state),
        }
        bridge = {
            "type": "bridge",
            "bridge": "cni0",
            "isDefaultGateway": True,
            "ipMasq": False,
            "hairpinMode": True,
            "ipam": addresses,
        }
        return {"cniVersion": "1.0.0", "name": "pods", "plugins": [bridge]}


def plan(run: str) -> Network:
    """A network that this machine does not use yet."""
    taken = [str(each["dst"]) for each in _routes()]
    for subnet in _RANGE.subnets(new_prefix=24):
        if not any(_within(dst, subnet) for dst in taken):
            return Network(f"ech-{run}", subnet)
    raise OSError("no free network in 198.18.0.0/15")


def known(node: str, link: str) -> list[str]:
    """A node's link, and the machine's routes to its network. A link that is down has no routes."""
    subnet = ipaddress.IPv4Network(f"{node}/24", strict=False)
    found = [f"{r['dst']} dev {r.get('dev')}" for r in _routes() if _within(str(r["dst"]), subnet)]
    links = json.loads(_ip("-json", "link", "show"))
    return found + [f"link {each['ifname']}" for each in links if each["ifname"] == link]


def _within(destination: str, subnet: ipaddress.IPv4Network) -> bool:
    try:
        return ipaddress.IPv4Network(destination, strict=False).overlaps(subnet)
    except ValueError:  # "default"
        return False


def _inside(pid: int) -> list[str]:
    """The beginning of a command line that runs in the network namespace of a process."""
    return ["nsenter", f"--target={pid}", "--net", "--"]


def _routes() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(_ip("-4", "-json", "route", "show", "table", "all"))
    return found


def _ip(*args: str, within: list[str] | None = None) -> str:
    command = [*(within or []), "ip", *args]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout
