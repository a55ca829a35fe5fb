"""Sends many creates in growing groups, and none after a refusal: with a used-up quota, not every
object must cost a request."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from controller.kube.errors import ApiError

T = TypeVar("T")

#: Sizes of the first groups after a refusal, and for very many creates.
RAMP: Final = (1, 8, 64)


async def in_groups(
    open_: dict[int, T],
    make: Callable[[T], Awaitable[ApiError | None]],
    careful: bool,
    wanted: Callable[[], bool],
) -> ApiError | None:
    """Make what is ``open_``, from which each group goes when it has ended, while it is ``wanted``.
    ``make`` returns the refusal of a create; the first one ends it all and is returned.
    ``careful``: whether a create was refused before."""
    sizes = iter(RAMP if careful or len(open_) > RAMP[-1] else ())
    while open_ and wanted():
        group = list(open_.items())[: next(sizes, len(open_))]
        results = await asyncio.gather(*(make(each) for _, each in group))
        for key, _ in group:
            del open_[key]
        if held := next((error for error in results if error is not None), None):
            return held
    return None
