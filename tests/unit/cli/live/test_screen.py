"""What is written to the terminal."""

from __future__ import annotations

import io

import pytest
from rich.console import Console
from rich.text import Text

from controller.cli.live.screen import Screen


class Terminal:
    """A console whose output is kept, in a terminal of this size."""

    def __init__(self, width: int = 40, height: int = 10, encoding: str = "utf-8") -> None:
        self.bytes = io.BytesIO()
        self.file = io.TextIOWrapper(self.bytes, encoding=encoding, newline="\n")
        self.console = Console(
            file=self.file, force_terminal=True, width=width, height=height, color_system=None
        )
        self.screen = Screen(self.console)

    def draw(self, *lines: str) -> str:
        """What one picture writes."""
        self.bytes.truncate(self.bytes.seek(0))
        self.screen.draw([Text(line) for line in lines])
        return self.bytes.getvalue().decode()


def test_the_first_picture_goes_where_the_cursor_is() -> None:
    written = Terminal().draw("one", "two")
    assert "\x1b[K" in written
    assert "A" not in written
    assert written.count("\n") == 2


def test_the_next_one_goes_over_it_without_erasing_first() -> None:
    terminal = Terminal()
    terminal.draw("one", "two", "three")
    written = terminal.draw("ONE", "TWO")
    assert "\r\x1b[3AONE\x1b[K\nTWO\x1b[K\n\x1b[J" in written


def test_a_terminal_that_became_narrower_has_wrapped_the_old_lines() -> None:
    terminal = Terminal(width=40)
    terminal.draw("x" * 39, "short")
    terminal.console.size = (20, 10)
    assert "\x1b[3A" in terminal.draw("one")


def test_the_cursor_is_shown_after_each_write() -> None:
    written = Terminal().draw("one")
    assert written.index("\x1b[?25l") < written.index("one") < written.index("\x1b[?25h")


def test_a_picture_leaves_room_for_the_cursor() -> None:
    assert Terminal(80, 24).screen.size == (79, 23)


@pytest.mark.parametrize("line", ["● 1 updated   ✗ 2 failed", "web:1.0 → web:1.1 …", "日本"])
def test_a_terminal_without_utf_8_gets_ascii(line: str) -> None:
    written = Terminal(encoding="ascii").draw(line)
    assert written.isascii()
    assert "1" in written or "?" in written


def test_the_cursor_is_shown_after_a_write_that_was_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()

    def cut(text: str) -> None:
        if text:  # rich writes nothing now and then
            terminal.bytes.write(b"\x1b[?2026h\x1b[?25l\x1b[9")
            raise KeyboardInterrupt

    def draw_and_leave() -> None:
        with terminal.screen as screen, monkeypatch.context() as patch:
            patch.setattr(terminal.file, "write", cut)
            screen.draw([Text("one")])

    with pytest.raises(KeyboardInterrupt):
        draw_and_leave()
    assert terminal.bytes.getvalue().endswith(b"\x1b[0m\x1b[?25h\x1b[?2026l")


def test_a_terminal_on_which_nothing_was_drawn_is_left_alone() -> None:
    terminal = Terminal()
    with terminal.screen:
        pass
    assert not terminal.bytes.getvalue()
