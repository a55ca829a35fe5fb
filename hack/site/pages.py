"""What the site is made of: the documents, and the files that they link to.

The copy has the folders of the repository, so relative links hold in both. The text differs from
GitHub's where Python-Markdown needs that:

* Comments such as ``<!-- run by: … -->`` are for `hack.docs`; they are left out.
* GitHub makes a picture of a mermaid block in the browser; here it is made beforehand, so that
  nothing is loaded from elsewhere.
* A ``<picture>`` follows the system's theme; here it follows the theme that the reader chose.
* A link whose text is the name of a document gets the title of that document as its text.
* A vertical bar in a cell of a table is written as ``\\|``; here in code without the backslash.
"""

from __future__ import annotations

import re
import tomllib
from itertools import count
from pathlib import Path
from typing import Any, Final

from hack.docs import CONFIG, ROOT, links, navigation

THEMES: Final = {"light": "default", "dark": "dark"}

_COMMENT: Final = re.compile(r"^ *<!-- .*? -->\n", re.MULTILINE)
_MERMAID: Final = re.compile(r"^```mermaid\n(.*?)^```\n", re.MULTILINE | re.DOTALL)
_PICTURE: Final = re.compile(
    r'<picture>\s*<source [^>]*srcset="(?P<dark>[^"]+)">\s*'
    r'<img alt="(?P<alt>[^"]*)" src="(?P<light>[^"]+)">\s*</picture>'
)
_FILE: Final = re.compile(r"\[[\w./-]+\.md\]\(([^)#:]+\.md)")
_HEADING: Final = re.compile(r"^# +(.+)$", re.MULTILINE)
#: A drawing takes all the width there is; its own is the third number of its viewBox.
_WIDTH: Final = re.compile(r'width="100%"([^>]*viewBox="\S+ \S+ (\S+) )')
_ROW: Final = re.compile(r"^\|.*\|$", re.MULTILINE)
_CODE: Final = re.compile(r"`[^`\n]+`")


def project() -> dict[str, Any]:
    """The configuration of the site."""
    found: dict[str, Any] = tomllib.loads(CONFIG.read_text(encoding="utf-8"))["project"]
    return found


def files() -> set[Path]:
    """The documents of the navigation, and all files to which they link, however far away."""
    found: set[Path] = set()
    waiting = [ROOT / name for name in navigation(CONFIG.read_text(encoding="utf-8"))]
    waiting += [ROOT / name for name in project()["extra_css"]]
    while waiting:
        path = waiting.pop().resolve()
        if path not in found and path.is_file() and path.is_relative_to(ROOT):
            found.add(path)
            if path.suffix == ".md":
                waiting += [path.parent / name for name, _ in links(path.read_text("utf-8"))]
    return found


def write(folder: Path) -> None:
    """Write the pages, and all that they show, into this folder."""
    for path in sorted(files()):
        copy = folder / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".md":
            copy.write_text(page(path, copy.parent), encoding="utf-8")
        else:
            copy.write_bytes(path.read_bytes())


def page(document: Path, folder: Path) -> str:
    """The text of a document as the site has it. Its diagrams are drawn into the folder."""
    text = _COMMENT.sub("", document.read_text(encoding="utf-8"))
    text = _FILE.sub(lambda found: f"[{_title(document.parent / found[1])}]({found[1]}", text)
    number = count(1)
    text = _MERMAID.sub(
        lambda found: _diagram(found[1], folder / f"{document.stem}-{next(number)}"), text
    )
    text = _PICTURE.sub(
        lambda found: _both(found["alt"], {name: found[name] for name in THEMES}), text
    )
    return _ROW.sub(lambda row: _CODE.sub(lambda code: code[0].replace("\\|", "|"), row[0]), text)


def _title(document: Path) -> str:
    """The first heading of a document."""
    found = _HEADING.search(document.read_text(encoding="utf-8"))
    return found[1] if found else document.name


def _diagram(source: str, stem: Path) -> str:
    """Draw a mermaid diagram into a file per theme: the stem, the theme and `.svg`."""
    # In the extra [docs]: without it the documents can still be checked.
    import mmdr

    names = {}
    for name, theme in THEMES.items():
        head = f"---\nconfig:\n  theme: {theme}\n  fontFamily: sans-serif\n---\n"
        picture = stem.with_name(f"{stem.name}-{name}.svg")
        drawn = mmdr.render(head + source).svg()
        # Not as wide as the page: a small diagram would have letters as large as headings.
        drawn = _WIDTH.sub(r'width="\2"\1', drawn, count=1)
        picture.write_text(drawn, encoding="utf-8")
        names[name] = picture.name
    return _both("Diagram", names) + "\n"


def _both(alt: str, names: dict[str, str]) -> str:
    return "".join(f"![{alt}]({name}#only-{theme})" for theme, name in names.items())
