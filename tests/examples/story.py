"""The commands of a document, one after the other, and what they print."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from hack.demo.stage import Stage

_BLOCK = re.compile(r"^```(sh|console)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Command:
    """``output``: what the document shows; None: nothing, it may print what it likes. In it `…`
    stands for anything within a line."""

    text: str
    output: str | None = None


def commands(document: str) -> Iterator[Command]:
    """Those in ```sh blocks (nothing but commands) and in ```console blocks (`$ ` and output)."""
    for kind, block in _BLOCK.findall(document):
        if kind == "sh":
            yield from map(Command, split(block))
            continue
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            text, _, output = part.partition("\n")
            yield Command(text, output)


def split(script: str) -> Iterator[str]:
    """The commands of a script: a line each, or as many as bash needs to understand it."""
    lines: list[str] = []
    for line in script.splitlines():
        lines.append(line)
        if complete(text := "\n".join(lines)):
            yield text
            lines.clear()
    assert not lines, f"not complete: {lines}"


def complete(text: str) -> bool:
    done = subprocess.run(["bash", "-n", "-c", text], capture_output=True, text=True, check=False)
    return done.returncode == 0 and not done.stderr  # An open here-document is only a warning.


@dataclass
class Story:
    """Runs a document in a namespace of its own. ``after``: what has to be true once a command is
    done; the document has to have each of these commands."""

    stage: Stage
    namespace: str
    folder: Path
    after: Mapping[str, Callable[[], None]]
    ran: list[str] = field(default_factory=list)

    def tell(self, document: str) -> None:
        for command in commands(document):
            said = self.run(command.text)
            if command.output is not None:
                assert matches(command.output, said), f"$ {command.text}\n{said}"
            self.ran.append(command.text)
            self.after.get(command.text, lambda: None)()
        assert sorted(self.after.keys() - set(self.ran)) == []

    def run(self, text: str) -> str:
        self.stage.check_operator()
        return self.stage.shell(f"export KUBECONFIG={self._kubeconfig()}\n{text}")

    def _kubeconfig(self) -> Path:
        """One that has the namespace, as a person would have set it."""
        path = self.folder / "kubeconfig"
        if not path.exists():
            path.write_text(self.stage.cluster.kubeconfig.read_text())
            self.stage.shell(f"kubectl create namespace {self.namespace}")
            context = f"kubectl config set-context --current --namespace={self.namespace}"
            self.stage.shell(f"{context} --kubeconfig={path}")
        return path


def matches(shown: str, said: str) -> bool:
    pattern = re.escape(shown.rstrip()).replace("…", ".*")
    return re.fullmatch(pattern, said.rstrip()) is not None
