"""One connection to one API server, as kubectl would make it, for one command."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Final, Literal, TypeVar

from controller.api.kinds import JOBS, UPDATES
from controller.api.labels import JOB
from controller.api.update import generation_in
from controller.cli import owners
from controller.cli.exits import CliError, Exit
from controller.cli.explained import explained
from controller.cli.here import here
from controller.cli.keys import check_name
from controller.core.admission.placement import counted
from controller.kube.client import Client
from controller.kube.errors import ApiError, NotFound, TooManyRequests
from controller.kube.resources import CONTROLLER_REVISIONS, NODES, PODS
from controller.resource import Resource

T = TypeVar("T")
Object = dict[str, Any]
#: How often a read is tried that the API server has no time for, and the seconds in between: if it
#: does not say how many, and at most.
TRIES: Final = 5
PAUSE: Final = 1.0
LONGEST_PAUSE: Final = 5.0
#: `Session.list` hides the builtin in that class.
Objects = list[Object]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a command looks, from its flags. ``namespace`` None: that of the context."""

    kubeconfig: str | None = None
    context: str | None = None
    namespace: str | None = None
    everywhere: bool = False

    @property
    def flags(self) -> dict[str, str]:
        """The flags with which another command looks at the same place."""
        flags = {"-n": self.namespace, "--context": self.context, "--kubeconfig": self.kubeconfig}
        return {flag: value for flag, value in flags.items() if value}


class Session:
    """The requests of one command. All methods raise ``CliError``."""

    def __init__(
        self, client: Client, namespace: str, everywhere: bool = False, context: str = ""
    ) -> None:
        self.client = client
        #: The name of the context in the kubeconfig; "" in a pod.
        self.context = context
        #: The namespace of the command; ``listed`` is None for all namespaces.
        self.namespace = namespace
        self.listed = None if everywhere else namespace

    async def get(self, resource: Resource, name: str) -> Object:
        try:
            return await _repeated(lambda: self.client.get(resource, self.namespace, name))
        except ApiError as error:
            raise explained(error, "get", resource, name, self.namespace) from error

    async def list(self, resource: Resource, selector: str | None = None) -> Objects:
        """All objects of a kind where the command looks, each with ``apiVersion`` and ``kind``,
        which lists leave out."""
        kind = {"apiVersion": resource.api_version, "kind": resource.kind}

        async def read() -> Objects:
            found = self.client.list(resource, self.listed, label_selector=selector)
            return [kind | item async for item in found]

        try:
            return await _repeated(read)
        except ApiError as error:
            raise explained(error, "list", resource, "", self.listed or "") from error

    async def patch(
        self,
        resource: Resource,
        name: str,
        body: Mapping[str, Any],
        subresource: str | None = None,
        content_type: Literal["merge", "json"] = "merge",
    ) -> Object:
        try:
            return await self.client.patch(
                resource,
                self.namespace,
                name,
                body,
                subresource=subresource,
                content_type=content_type,
                field_manager=owners.MANAGER,
            )
        except ApiError as error:
            raise explained(error, "patch", resource, name, self.namespace, subresource) from error

    async def create(self, resource: Resource, body: Mapping[str, Any]) -> Object:
        try:
            return await self.client.create(
                resource, self.namespace, body, field_manager=owners.MANAGER
            )
        except ApiError as error:
            name = str(body["metadata"].get("name", ""))
            raise explained(error, "create", resource, name, self.namespace) from error

    async def delete(
        self,
        resource: Resource,
        name: str,
        *,
        uid: str | None = None,
        resource_version: str | None = None,
    ) -> Object:
        """``uid``, ``resource_version``: preconditions; ``Conflict`` is the cause of the error if
        one does not hold."""
        try:
            return await self.client.delete(
                resource, self.namespace, name, uid=uid, resource_version=resource_version
            )
        except ApiError as error:
            raise explained(error, "delete", resource, name, self.namespace) from error

    # What most commands read.

    async def job(self, name: str) -> Object:
        try:
            return await self.get(JOBS, name)
        except CliError as error:
            if isinstance(error.__cause__, NotFound) and (near := await self._similar(name)):
                error.hint = f"did you mean {near}? {error.hint}"
            raise

    async def _similar(self, name: str) -> str:
        """The name of the Job that was perhaps meant; "" if there is none."""
        try:
            names = [each["metadata"]["name"] for each in await self.list(JOBS)]
        except CliError:
            return ""
        return next(iter(get_close_matches(name, names, 1)), "")

    async def update(self, name: str) -> Object:
        return await self.get(UPDATES, name)

    async def updates_of(self, job: str) -> Objects:
        """The Updates of a Job in this namespace, oldest first."""
        found = [each for each in await self.list(UPDATES) if each["spec"].get("job") == job]
        return sorted(found, key=_age)

    async def pods_of(self, job: str) -> Objects:
        return await self.list(PODS, f"{JOB}={job}")

    async def revisions_of(self, job: str) -> Objects:
        """The ControllerRevisions of a Job, oldest first."""
        found = await self.list(CONTROLLER_REVISIONS, f"{JOB}={job}")
        return sorted(found, key=lambda each: int(each.get("revision") or 0))

    async def domains(self, labels: Collection[str]) -> dict[str, int]:
        """How many values each of these labels of nodes has; {} if it must not be known here."""
        if not labels:
            return {}
        try:
            nodes = [raw async for raw in self.client.list(NODES, metadata_only=True)]
        except ApiError:
            return {}  # A plan without them is better than none.
        return counted(nodes, labels)


async def _repeated(read: Callable[[], Awaitable[T]]) -> T:
    """What ``read`` reads. An API server that has too much to do is asked again when it says so, as
    kubectl does, at most `TRIES` times. Raises ``ApiError``."""
    for _ in range(TRIES - 1):
        try:
            return await read()
        except TooManyRequests as error:
            pause = error.retry_after if error.retry_after is not None else PAUSE
            await asyncio.sleep(min(pause, LONGEST_PAUSE))
    return await read()


def _age(update: Object) -> tuple[str, int]:
    """The key that sorts Updates by age."""
    meta = update["metadata"]
    return meta["creationTimestamp"], generation_in(meta["name"])


def _unusable(place: Place, words: str) -> CliError:
    """The error for a kubeconfig that cannot be used."""
    contexts = "`kubectl config get-contexts` lists the contexts of the kubeconfig"
    # The loader calls the whole file invalid.
    if place.context and f"name {place.context} in " in words and "/contexts list" in words:
        return CliError(f"the kubeconfig has no context {place.context}", contexts)
    hint = "name a kubeconfig with --kubeconfig or KUBECONFIG"
    return CliError(words, contexts if place.context else hint)


def run(
    place: Place,
    command: Callable[[Session], Awaitable[T]],
    farewell: str | Callable[[], str] = "",
) -> T:
    """Connect, run ``command`` and disconnect. The commands that it prints get the flags of
    ``place``. Raises ``CliError``. ``farewell``: the hint when
    Ctrl-C ends the command, such as how to come back; a function if only the command knows it."""
    # The loader of kubeconfigs takes long to import; help and lint need none.
    from controller.kube.config import ConfigError, connect

    if place.namespace:
        check_name(place.namespace, "a namespace")

    async def connected() -> T:
        try:
            connection = await connect(place.kubeconfig, place.context)
        except ConfigError as error:
            raise _unusable(place, str(error)) from error
        namespace = place.namespace or connection.namespace
        async with Client(connection, user_agent=owners.MANAGER) as client:
            session = Session(client, namespace, place.everywhere, connection.context)
            return await command(session)

    with here(place.flags):
        try:
            return asyncio.run(connected())
        except KeyboardInterrupt:
            hint = farewell if isinstance(farewell, str) else farewell()
            raise CliError("", hint, Exit.INTERRUPTED) from None
