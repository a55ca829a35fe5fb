"""Who looks at the page, and what he may see and do: every page, stream and action asks here.

`Access` tells the viewer of a request; a `Viewer` answers questions of RBAC. `own` is the access of
`echelon ui`, `tokens` and `proxies` are those of the page as a Deployment.
"""

from __future__ import annotations

import asyncio
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, replace
from typing import Protocol

from aiohttp import web

from controller.api.kinds import JOBS, MAINTENANCES, UPDATES
from controller.kube.client import Client
from controller.kube.resources import BATCH_JOBS, CONTROLLER_REVISIONS, EVENTS, NODES, PODS
from controller.resource import Resource
from controller.ui.reviews import Question


class Viewer(Protocol):
    """Who looks at the page."""

    @property
    def name(self) -> str:
        """The viewer's name, by which his streams are counted; "" if it is not known."""

    @property
    def key(self) -> Hashable:
        """What his streams are ended by: his session if he has one."""

    @property
    def client(self) -> Client | None:
        """Sends requests with the viewer's own rights; None: he can only look."""

    @property
    def logs(self) -> Client | None:
        """Reads logs for him, where he may read them; None: nobody does."""

    async def may(self, question: Question) -> bool:
        """Whether he has this right. Raises ``ApiError`` if that cannot be found out."""


class Access(Protocol):
    """Tells the viewer of a request."""

    @property
    def signs_in(self) -> bool:
        """Whether viewers sign in at this page."""

    async def viewer(self, request: web.Request) -> Viewer:
        """The viewer. Raises ``web.HTTPException`` if there is none, and ``ApiError``."""


@dataclass(frozen=True, slots=True)
class Rights:
    """What a viewer may see and do in one namespace."""

    jobs: bool = False
    updates: bool = False
    pods: bool = False
    revisions: bool = False
    events: bool = False
    logs: bool = False
    steer: bool = False
    runs: bool = False


async def rights(viewer: Viewer, namespace: str) -> Rights:
    """What the viewer may see and do in a namespace."""
    asked = (
        Question("list", JOBS, namespace),
        Question("list", UPDATES, namespace),
        Question("list", PODS, namespace),
        Question("list", CONTROLLER_REVISIONS, namespace),
        Question("list", EVENTS, namespace),
        Question("get", PODS, namespace, "log"),
        Question("patch", UPDATES, namespace),
        Question("list", BATCH_JOBS, namespace),
    )
    found = Rights(*await asyncio.gather(*(viewer.may(each) for each in asked)))
    can_steer, can_read = viewer.client is not None, viewer.logs is not None
    return replace(found, steer=found.steer and can_steer, logs=found.logs and can_read)


async def visible(viewer: Viewer, resource: Resource, namespaces: Iterable[str]) -> frozenset[str]:
    """Those of the namespaces in which the viewer may list the resource."""
    among = sorted(namespaces)
    if await viewer.may(Question("list", resource, None)):
        return frozenset(among)
    answers = await asyncio.gather(
        *(viewer.may(Question("list", resource, each)) for each in among)
    )
    return frozenset(each for each, yes in zip(among, answers, strict=True) if yes)


async def sees_nodes(viewer: Viewer) -> bool:
    """Whether the viewer may read nodes."""
    return await viewer.may(Question("get", NODES, None))


async def sees_maintenances(viewer: Viewer) -> bool:
    """Whether the viewer may list Maintenances."""
    return await viewer.may(Question("list", MAINTENANCES, None))
