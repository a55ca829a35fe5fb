"""Splits a stream of bytes into lines."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator


async def lines(chunks: AsyncIterator[bytes]) -> AsyncGenerator[bytes]:
    """The complete lines of a stream, without empty lines."""
    pending: list[bytes] = []
    async for chunk in chunks:
        *ended, rest = chunk.split(b"\n")
        for line in ended:
            pending.append(line)
            whole = b"".join(pending)
            pending.clear()
            if whole:
                yield whole
        pending.append(rest)
