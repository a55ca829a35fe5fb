"""Runs the commands of a document in their order, and compares their output."""

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
    """``output``: the output in the document, in which `…` matches any text within a line. None:
    the document shows no output, and any output is accepted."""

    text: str
    output: str | None = None


def commands(document: str) -> Iterator[Command]:
    """The commands of ```sh blocks (commands only) and ```console blocks (`$ ` and output)."""
    for kind, block in _BLOCK.findall(document):
        if kind == "sh":
            yield from map(Command, split(block))
            continue
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            text, _, output = part.partition("\n")
            yield Command(text, output)


def split(script: str) -> Iterator[str]:
    """The commands of a script. A command has as many lines as bash needs to parse it."""
    lines: list[str] = []
    for line in script.splitlines():
        lines.append(line)
        if complete(text := "\n".join(lines)):
            yield text
            lines.clear()
    assert not lines, f"incomplete command: {lines}"


def complete(text: str) -> bool:
    done = subprocess.run(["bash", "-n", "-c", text], capture_output=True, text=True, check=False)
    return done.returncode == 0 and not done.stderr  # bash only warns about an open here-document.


@dataclass
class Story:
    """Runs a document in a namespace of its own. ``after``: checks to run after a command; the
    document must contain each of these commands."""

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
        """Create a kubeconfig whose current context has the namespace, as a user would set it."""
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
