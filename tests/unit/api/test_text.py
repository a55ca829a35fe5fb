"""What is left of a text that is too long."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.api.text import shortened


@pytest.mark.parametrize(
    ("text", "most", "left"),
    [
        ("as it is", 8, "as it is"),
        (
            "instance 0 of Job mail: no image registry.example/mail:1.5.0 at all",
            59,
            "instance 0 of Job mail: no image…",
        ),
        ("cannot pull it at all", 15, "cannot pull it…"),
        ("x" * 300, 256, "x" * 255 + "…"),
        (f"digest {'0123456789' * 30}", 100, f"digest {'0123456789' * 30}"[:99] + "…"),
    ],
)
def test_a_cut_leaves_whole_words_and_shows(text: str, most: int, left: str) -> None:
    assert shortened(text, most) == left


@given(st.text(alphabet="ab \n", max_size=60), st.integers(2, 60))
def test_it_is_never_too_long_and_cut_only_once(text: str, most: int) -> None:
    left = shortened(text, most)
    assert len(left) <= most
    assert shortened(left, most) == left
    assert left == text or left.endswith("…")
