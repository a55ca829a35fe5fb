"""The files of the pictures, which stay small: they are in the repository."""

from __future__ import annotations

from pathlib import Path
from typing import Final

#: No picture has more bytes.
MOST: Final = 150_000


class TooLargeError(Exception):
    """A picture has too many bytes. The message says which."""


def write(path: Path, data: bytes) -> None:
    """Raises TooLargeError."""
    if len(data) > MOST:
        raise TooLargeError(f"{path.name} has {len(data)} bytes, {MOST} are allowed")
    path.write_bytes(data)
    print(f"{path.name}: {len(data) / 1000:.0f} kB", flush=True)
