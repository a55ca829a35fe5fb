"""Whether a test runs the code blocks of a document, read from its source.

A test function runs the blocks if it, with the fixtures, functions and constants of its file that
it uses, does three things:

* it names the document;
* it takes blocks of that kind out of it: by `story.commands` or `Story.tell`, which take commands,
  or by a pattern of its own with the fence of a block in it;
* it calls something that runs commands, or gives manifests to a program (`RUNNERS`).

A test that only parses a block, or compares it with something, does not do the third.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

#: Functions and methods that run a command, or apply a manifest.
RUNNERS: Final = frozenset(
    {"Popen", "apply", "changed", "helm", "kubectl", "render", "run", "shell", "tell"}
)
#: Functions of tests/examples/story.py that take the commands out of a document, and their kinds.
_TAKERS: Final = frozenset({"commands", "tell"})
_TAKEN: Final = frozenset({"console", "sh"})
_FENCE: Final = "```"


def runs(source: str, document: Path, kind: str) -> bool:
    """Whether a test function of this file runs blocks of a document. ``kind``: the word after the
    fence, such as ``yaml``, or ""."""
    parts = _parts(ast.parse(source))
    return any(
        _runs(list(_with_what_it_uses(name, parts)), document, kind)
        for name in parts
        if name.startswith("test_")
    )


def _runs(nodes: Iterable[ast.AST], document: Path, kind: str) -> bool:
    every = [node for top in nodes for node in ast.walk(top)]
    called = {_name(node.func) for node in every if isinstance(node, ast.Call)}
    texts = [n.value for n in every if isinstance(n, ast.Constant) and isinstance(n.value, str)]
    named = any(text.rpartition("/")[2] == document.name for text in texts)
    taken = bool(called & _TAKERS) and kind in _TAKEN
    return named and bool(called & RUNNERS) and (taken or any(_FENCE in text for text in texts))


def _name(called: ast.expr) -> str:
    match called:
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name
        case _:
            return ""


def _parts(module: ast.Module) -> dict[str, ast.stmt]:
    """The functions, classes and constants of a file, by their names."""
    parts: dict[str, ast.stmt] = {}
    for node in module.body:
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                parts[name] = node
            case ast.ClassDef(name=name):
                parts[name] = node
            case ast.Assign(targets=targets):
                parts |= {each.id: node for each in targets if isinstance(each, ast.Name)}
            case ast.AnnAssign(target=ast.Name(id=name)):
                parts[name] = node
            case _:
                pass
    return parts


def _with_what_it_uses(name: str, parts: dict[str, ast.stmt]) -> Iterator[ast.stmt]:
    """A part, and all that it names, also as a fixture in its arguments."""
    seen: set[str] = set()
    waiting = [name]
    while waiting:
        if (each := waiting.pop()) in seen or each not in parts:
            continue
        seen.add(each)
        yield parts[each]
        for node in ast.walk(parts[each]):
            match node:
                case ast.Name(id=used) | ast.arg(arg=used):
                    waiting.append(used)
                case _:
                    pass
