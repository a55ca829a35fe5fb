"""Commands that are printed for copying look at the same place as the command that prints them.

They stand between backticks in a sentence, or on a line of their own with ``    # what they do``.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

from controller.cli.exits import CliError

#: Flags by name, such as ``--context``, as a person gave them to the command that runs.
_flags: ContextVar[Mapping[str, str]] = ContextVar("flags", default={})  # noqa: B039 - never written

_QUOTED: Final = re.compile(r"(?<=`)(?:echelon|kubectl|helm) [^`|…]+(?=`)")
_LINE: Final = re.compile(r"^(\s*)((?:echelon|kubectl|helm) .*?)(?=    # )", re.MULTILINE)
#: What stands for a flag in a command already.
_SAME: Final = {"-n": ("--namespace", "-A", "--all-namespaces")}
#: Not all programs name the flags alike, and not all have each of them.
_NAMES: Final[Mapping[str, Mapping[str, str]]] = {
    "echelon": {"-n": "-n", "--context": "--context", "--kubeconfig": "--kubeconfig"},
    "kubectl": {"--context": "--context", "--kubeconfig": "--kubeconfig"},
    "kubectl auth": {"-n": "-n", "--context": "--context", "--kubeconfig": "--kubeconfig"},
    "kubectl config": {"--kubeconfig": "--kubeconfig"},
    "helm": {"--context": "--kube-context", "--kubeconfig": "--kubeconfig"},
}


@contextmanager
def here(flags: Mapping[str, str]) -> Iterator[None]:
    """Inside, `placed` adds these flags; the hint of a ``CliError`` that leaves has them."""
    token = _flags.set(flags)
    try:
        yield
    except CliError as error:
        error.hint = placed(error.hint)
        raise
    finally:
        _flags.reset(token)


def placed(text: str) -> str:
    """The text with the flags of `here` in each of its commands that lacks them."""
    if not _flags.get():
        return text
    text = _QUOTED.sub(lambda found: _placed(found[0]), text)
    return _LINE.sub(lambda found: found[1] + _placed(found[2]), text)


def _placed(command: str) -> str:
    words = command.split()
    names = _NAMES.get(" ".join(words[:2])) or _NAMES[words[0]]
    for flag, value in _flags.get().items():
        name = names.get(flag)
        if name is not None and not {name, *_SAME.get(name, ())} & set(words):
            command += f" {name} {shlex.quote(value)}"
    return command
