"""A story that is told once, and from each of its writes once more with that write going wrong.

What comes before the write is the same each time, so that it is not told again: the process forks
at the write. The child goes on with the write gone wrong, the parent waits for it, and goes on with
the write gone well.
"""

from __future__ import annotations

import gc
import os
import traceback
from collections import deque
from collections.abc import Callable, Container
from typing import NoReturn


class Branches(deque[str]):
    """Stands for the fates of writes. ``branch``: after how many good writes this process went its
    own way; None in the parent."""

    def __init__(self, fate: str, where: Container[int]) -> None:
        super().__init__()
        self.branch: int | None = None
        self._fate = fate
        self._where = where
        self._count = 0
        self._pipe = -1
        #: What children that failed said.
        self._wrong: list[str] = []

    def run(self, story: Callable[[], None]) -> None:
        """Run ``story`` in this process and in each child. Raises AssertionError with what the
        first child that failed said."""
        gc.collect()
        gc.freeze()  # Otherwise each child copies all that its collector looks at.
        try:
            story()
        except BaseException:
            if self.branch is None:
                raise
            os.write(self._pipe, traceback.format_exc()[-60_000:].encode())
            os._exit(1)
        finally:
            gc.unfreeze()
        if self.branch is not None:
            self.end()
        assert not self._wrong, self._wrong[0]

    def end(self) -> NoReturn:
        """End a child, whose rest is known."""
        os._exit(0)

    def __bool__(self) -> bool:
        return self.branch is None

    def popleft(self) -> str:
        after, self._count = self._count, self._count + 1
        if after not in self._where:
            return "ok"
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            self.branch, self._pipe = after, writer
            return self._fate
        os.close(writer)
        with open(reader, errors="replace") as said:
            words = said.read()
        _, status = os.waitpid(child, 0)
        if status:
            self._wrong.append(words or f"the child ended with status {status}")
        return "ok"
