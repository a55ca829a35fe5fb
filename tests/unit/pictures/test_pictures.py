"""The pictures of the documents are those that `make pictures` makes, and stay small."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

from hack.pictures import page
from hack.pictures.__main__ import FOLDER
from hack.pictures.files import MOST, TooLargeError, write
from hack.pictures.stories import FILMS


def test_the_folder_has_what_is_made_and_nothing_else() -> None:
    made = [*page.names(), *(f"{name}.svg" for name in FILMS)]
    assert sorted(each.name for each in FOLDER.iterdir()) == sorted(made)
    assert [each.name for each in FOLDER.iterdir() if each.stat().st_size > MOST] == []


@pytest.mark.parametrize("name", FILMS)
def test_a_film_says_what_is_seen_and_needs_nothing_from_elsewhere(name: str) -> None:
    text = (FOLDER / f"{name}.svg").read_text()
    root = ElementTree.fromstring(text)
    assert len(root.attrib["aria-label"]) > 20
    assert text.count("http") == 1, "the name space of SVG"
    assert "$ echelon update" in "".join(root.itertext())


def test_a_picture_that_is_too_large_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "never.webp"
    with pytest.raises(TooLargeError, match=r"never\.webp"):
        write(path, bytes(MOST + 1))
    assert not path.exists()
