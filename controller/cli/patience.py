"""Says what is wrong, once, if what a command waits for takes long."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

from controller.cli.objects import as_update
from controller.cli.output import note
from controller.cli.session import Object
from controller.view import advice
from controller.view.updates import PATIENCE

#: What is said of the newest version of an object; None: there is nothing to say.
Words = Callable[[Object], str | None]


async def with_note(
    versions: AsyncGenerator[Object], words: Words, seconds: float = PATIENCE
) -> AsyncGenerator[Object]:
    """The versions of an object. If they still come after ``seconds``, a note tells once what
    ``words`` finds in the newest one."""
    newest: Object | None = None

    def say() -> None:
        if newest is not None and (text := words(newest)):
            note(text)

    timer = asyncio.get_running_loop().call_later(seconds, say)
    try:
        async with aclosing(versions):
            async for newest in versions:
                yield newest
    finally:
        timer.cancel()


def unseen_job(name: str, namespace: str) -> str:
    """What is said of a Job whose last change no operator has observed."""
    return (
        f"no operator has looked at the last change of Job {name} for {PATIENCE:g}s; "
        f"{advice.checks(namespace)}"
    )


def unseen(raw: Object) -> str | None:
    """What is said of an Update that no operator has observed."""
    update = as_update(raw)
    if update.status.observed_generation >= 0:
        return None
    meta = update.metadata
    return (
        f"no operator has looked at Update {meta.name} for {PATIENCE:g}s; "
        f"{advice.checks(meta.namespace)}"
    )
