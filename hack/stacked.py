"""What starts in several steps, and ends all that it has started, also if a step fails."""

from __future__ import annotations

from contextlib import ExitStack
from types import TracebackType
from typing import Self


class Stacked:
    """A context manager whose ``_start`` puts what is to end on ``_stack``."""

    def __init__(self) -> None:
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    def _start(self) -> None:
        raise NotImplementedError
