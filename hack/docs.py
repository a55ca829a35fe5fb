"""``python -m hack.docs`` checks the documents. If a check fails, it prints why and exits with 1.

* No text file has conflict markers.
* Links of Markdown documents, and their pictures, lead to existing files and headings.
* Each document of docs/ is in the navigation of the site (`zensical.toml`), and each entry exists.
* Each code block has a comment on the line before it. ``<!-- run by: tests/… -->`` names the test
  that runs it, or gives it to the program that reads it: the source of the test must show that
  (`running.py`). ``<!-- checked by: tests/… -->`` names a test that only parses the block, or
  compares it with something; of commands it adds why they are not run:
  ``<!-- checked by: tests/…; not run: why -->``. ``<!-- not run: why -->`` says why there is no
  test. One comment can stand for all blocks of some kinds of a document:
  ``<!-- sh console run by: tests/… -->``.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from hack.running import runs

ROOT = Path(__file__).resolve().parent.parent
CONFIG = ROOT / "zensical.toml"

_MARKER = re.compile(r"^(<{7} |\|{7} |={7}$|>{7} )")
_FENCE = re.compile(r"^ *```(\w*)")
_CODE = re.compile(r"^ *```.*?^ *```|`[^`\n]+`", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^)\s]+)\)|<(?:a|img|source)\s[^>]*?\b(?:href|src|srcset)=\"([^\"\s]+)\"")
_HEADING = re.compile(r"^#+ +(.*)$", re.MULTILINE)
_TEST = r"(?P<what>run|checked) by: (?P<test>[^\s;]+)(?P<why>; not run: .+)?"
_ONE = re.compile(rf"^ *<!-- (?:{_TEST}|not run: .+) -->$")
_ALL = re.compile(rf"^<!-- (?P<kinds>\w+(?: \w+)*) {_TEST} -->$", re.MULTILINE)
#: Kinds of blocks that are commands.
_COMMANDS = ("", "console", "sh")


def conflicts(text: str) -> Iterator[str]:
    """Lines with conflict markers."""
    for number, line in enumerate(text.splitlines(), 1):
        if _MARKER.match(line):
            yield f"{number}: a conflict marker"


def links(text: str) -> Iterator[tuple[str, str]]:
    """Links and pictures of a document: path ("" for the document itself) and anchor. Links to
    other hosts are left out."""
    for link in ("".join(found) for found in _LINK.findall(_CODE.sub("", text))):
        if not re.match(r"[a-z]+:", link):
            name, _, anchor = link.partition("#")
            yield name, anchor


def dead_links(path: Path, text: str) -> Iterator[str]:
    """Links that lead to no file or heading, or to a folder: a site has no page for that."""
    for name, anchor in links(text):
        target = path.parent / name if name else path
        if not target.exists():
            yield f" the link to {name} leads nowhere"
        elif target.is_dir():
            yield f" the link to {name} leads to a folder; name a file, such as its README.md"
        elif anchor and anchor not in anchors(target.read_text(encoding="utf-8")):
            yield f" no heading of {target.name} is #{anchor}"


def anchors(text: str) -> set[str]:
    """The anchors of a document's headings, as links use them."""
    found: set[str] = set()
    for heading in _HEADING.findall(re.sub(r"^ *```.*?^ *```", "", text, flags=re.M | re.S)):
        plain = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading)
        name = re.sub(r"[^\w\- ]", "", plain.strip().lower()).replace(" ", "-")
        count = sum(1 for each in found if re.fullmatch(re.escape(name) + r"(-\d+)?", each))
        found.add(f"{name}-{count}" if count else name)
    return found


def unrun_blocks(path: Path, text: str, root: Path = ROOT) -> Iterator[str]:
    """Code blocks whose comment is missing, or promises more than the test does."""
    whole = {kind: found for found in _ALL.finditer(text) for kind in found["kinds"].split()}
    inside, before = False, ""
    for number, line in enumerate(text.splitlines(), 1):
        if fence := _FENCE.match(line):
            inside = not inside
            if inside:
                comment = _ONE.match(before) or whole.get(fence[1])
                if problem := _untrue(comment, path, fence[1], root):
                    yield f"{number}: {problem}"
        before = line
    if inside:
        yield f"{len(text.splitlines())}: a code block has no end"


def _untrue(comment: re.Match[str] | None, path: Path, kind: str, root: Path) -> str | None:
    """What is wrong with the comment of a block, if something is."""
    if comment is None:
        return (
            "no test runs this block; name one before it, <!-- run by: tests/… -->,"
            " or say why: <!-- not run: … -->"
        )
    if comment["test"] is None:
        return None
    test = root / comment["test"]
    source = test.read_text(encoding="utf-8") if test.is_file() else ""
    if comment["what"] == "run":
        if runs(source, path, kind):
            return None
        return f"{comment['test']} does not run the {kind or 'plain'} blocks of {path.name}"
    if path.name not in source:
        return f"{comment['test']} does not name {path.name}"
    if kind in _COMMANDS and not comment["why"]:
        return "these are commands: say why the test does not run them, `; not run: …`"
    return None


def navigation(config: str) -> Iterator[str]:
    """The documents in the navigation of the site, as paths from the root, in their order."""
    waiting: list[Any] = [tomllib.loads(config)["project"]["nav"]]
    while waiting:
        node = waiting.pop(0)
        if isinstance(node, str):
            yield node
        else:
            waiting[:0] = node.values() if isinstance(node, dict) else node


def not_in_navigation(paths: Iterable[Path], config: str, root: Path = ROOT) -> Iterator[str]:
    """Documents of docs/ that no reader of the site finds, and entries without a document."""
    named = list(navigation(config))
    for path in paths:
        name = path.relative_to(root).as_posix()
        if path.suffix == ".md" and name.startswith("docs/") and name not in named:
            yield f"{name}: it is not in nav of {CONFIG.name}; add a line"
    for name in named:
        if not (root / name).is_file():
            yield f"{CONFIG.name}: there is no {name}"


def problems(paths: Iterable[Path]) -> Iterator[str]:
    """All problems of these files, as ``path:line: problem``."""
    for path in paths:
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        found = [*conflicts(text)]
        if path.suffix == ".md":
            found += [*dead_links(path, text), *unrun_blocks(path, text)]
        for problem in found:
            yield f"{path.relative_to(ROOT)}:{problem}"


def files() -> list[Path]:
    """All files under version control, and new files that git does not ignore."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split("\0")
    return [ROOT / name for name in sorted(listed) if name and (ROOT / name).is_file()]


def main() -> int:
    """Print all problems. Returns 1 if there are any."""
    every = files()
    found = [*problems(every), *not_in_navigation(every, CONFIG.read_text(encoding="utf-8"))]
    for problem in found:
        print(problem, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
