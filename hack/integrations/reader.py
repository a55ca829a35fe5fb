"""A Go program that answers each line of JSON on its stdin with one on its stdout."""

from __future__ import annotations

import json
import subprocess
from types import TracebackType
from typing import Any

from hack.devcluster.build import binary


class ReadError(Exception):
    """The program could not read what it was asked about; the text is its own."""


class Reader:
    """``program``: its name in `hack.devcluster.build`. It is built if it does not exist yet."""

    def __init__(self, program: str) -> None:
        self._process = subprocess.Popen(
            [str(binary(program))], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def ask(self, question: Any) -> dict[str, Any]:
        """The answer. Raises ``ReadError`` if the program could not give one."""
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(json.dumps(question) + "\n")
        stdin.flush()
        answer: dict[str, Any] = json.loads(stdout.readline())
        if "error" in answer:
            raise ReadError(answer["error"])
        return answer

    def close(self) -> None:
        self._process.communicate()

    def __enter__(self) -> Reader:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
