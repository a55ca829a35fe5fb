"""A terminal as an SVG: what it shows at one moment, or a film of several.

The file needs nothing from elsewhere: the font is whichever monospaced one the reader has, and each
run of characters is told its width, so that columns stay columns.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

from rich.ansi import AnsiDecoder
from rich.cells import cell_len
from rich.color import Color, ColorType
from rich.style import Style
from rich.text import Text

#: Sizes in user units: a cell, and the space around the text.
CELL: Final = 8.4
LINE: Final = 18
PAD: Final = 18

BACK: Final = "#161a20"
INK: Final = "#dfe4ea"
DIM: Final = "#98a2ae"
#: The sixteen colours of terminals: each can be read on the background.
COLOURS: Final = (
    "#5c6672", "#ff8a70", "#4fd1a0", "#edb650", "#74b8ff", "#e2a3c9", "#5ccfe6", "#dfe4ea",
    "#98a2ae", "#ff8a70", "#4fd1a0", "#edb650", "#74b8ff", "#e2a3c9", "#5ccfe6", "#ffffff",
)  # fmt: skip


@dataclass(frozen=True)
class Moment:
    """Lines with the escape sequences of a terminal, and the seconds they stay."""

    lines: tuple[str, ...]
    seconds: float


def svg(moments: Sequence[Moment], title: str, columns: int) -> str:
    """The text of the file. ``title`` says what is seen to those who do not see it. Without
    animations, and for readers who want no motion, the last moment is shown."""
    height = max(len(moment.lines) for moment in moments)
    size = (round(columns * CELL + 2 * PAD), height * LINE + 2 * PAD)
    known: dict[str, str] = {}
    shown = []
    for number, moment in enumerate(moments):
        uses = "".join(_uses(moment, known))
        last = number == len(moments) - 1
        shown.append(f'<g class="m{"" if last else " past"}" id="m{number}">{uses}</g>')
    drawn = "\n".join(f'<g id="{name}">{text}</g>' for text, name in known.items())
    frames = "\n".join(shown)
    return f"""\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size[0]} {size[1]}" \
width="{size[0]}" height="{size[1]}" fill="{INK}" role="img" aria-label="{escape(title)}">
<title>{escape(title)}</title>
<style>
svg {{ font: 14px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; }}
text {{ white-space: pre; }}
.past {{ visibility: hidden; }}
{_film([moment.seconds for moment in moments])}</style>
<rect width="{size[0]}" height="{size[1]}" rx="10" fill="{BACK}"/>
<defs>
{drawn}
</defs>
{frames}
</svg>
"""


def _film(seconds: Sequence[float]) -> str:
    """Rules that show the moments one after the other; none for a single one."""
    if len(seconds) == 1:
        return ""
    total = sum(seconds)
    rules, at = [], 0.0
    for number, each in enumerate(seconds):
        begin, end = 100 * at / total, 100 * (at + each) / total
        at += each
        steps = "" if number == 0 else "0%{visibility:hidden}"
        steps += f"{begin:.2f}%{{visibility:visible}}"
        steps += "" if number == len(seconds) - 1 else f"{end:.2f}%{{visibility:hidden}}"
        rules.append(f"@keyframes k{number}{{{steps}}}")
        rules.append(f"#m{number}{{animation:k{number} {total:.1f}s step-end infinite}}")
    rules.append("@media (prefers-reduced-motion: reduce) { .m { animation: none !important; } }")
    return "\n".join(rules) + "\n"


def _uses(moment: Moment, known: dict[str, str]) -> Iterator[str]:
    """References to the lines of a moment. ``known``: drawn line -> its name; a line that several
    moments share is drawn once."""
    decoder = AnsiDecoder()  # a style lasts until it is ended, perhaps on a later line
    for number, line in enumerate(moment.lines):
        if drawn := _line(decoder.decode_line(line)):
            name = known.setdefault(drawn, f"l{len(known)}")
            yield f'<use href="#{name}" x="{PAD}" y="{PAD + number * LINE}"/>'


def _line(line: Text) -> str:
    """One line, at the origin; "" if there is nothing to see."""
    drawn, at = [], 0
    for run, style in _runs(line):
        width = cell_len(run)
        fill, back = _colours(style)
        x, length = round(at * CELL, 1), round(width * CELL, 1)
        if back:
            drawn.append(f'<rect x="{x}" width="{length}" height="{LINE}" fill="{back}"/>')
        if text := run.rstrip():
            lead = len(text) - len(text.lstrip())
            x, length = round((at + lead) * CELL, 1), round(cell_len(text.lstrip()) * CELL, 1)
            marks = f' fill="{fill}"' if fill != INK else ""
            marks += ' font-weight="bold"' if style.bold else ""
            drawn.append(
                f'<text x="{x}" y="14" textLength="{length}" lengthAdjust="spacingAndGlyphs"'
                f"{marks}>{escape(text.lstrip(), quote=False)}</text>"
            )
        at += width
    return "".join(drawn)


def _runs(text: Text) -> Iterator[tuple[str, Style]]:
    """The line in runs of one style."""
    styles = [Style.null()] * len(text.plain)
    for span in text.spans:
        style = span.style if isinstance(span.style, Style) else Style.parse(span.style)
        for at in range(span.start, span.end):
            styles[at] += style
    begin = 0
    for at in range(1, len(styles) + 1):
        if at == len(styles) or styles[at] != styles[begin]:
            yield text.plain[begin:at], styles[begin]
            begin = at


def _colours(style: Style) -> tuple[str, str]:
    """The colour of the characters, and that behind them ("": none)."""
    fill = _colour(style.color) or INK
    back = _colour(style.bgcolor)
    if style.dim:
        fill = DIM
    return (back or BACK, fill) if style.reverse else (fill, back)


def _colour(colour: Color | None) -> str:
    if colour is None or colour.type is ColorType.DEFAULT:
        return ""
    if colour.number is not None and colour.number < len(COLOURS):
        return COLOURS[colour.number]
    return colour.get_truecolor().hex
