"""What the observer keeps of the events of pods."""

from __future__ import annotations

from typing import Any

from hack.bench.observer import Book, Turned


def test_pods_are_counted_by_what_they_show() -> None:
    book = Book()
    for number in range(3):
        book.see("ADDED", pod(number, None), 1.0)
        book.see("MODIFIED", pod(number, "v1"), 2.0)
    assert book.counts["v1"] == 3
    assert len(book.marks) == 3
    assert book.turned[0] == Turned(2.0, "web-0", "v1")


def test_how_many_were_out_of_service_is_remembered() -> None:
    book = ready(4)
    book.mark()
    for number in range(3):
        book.see("MODIFIED", pod(number, None), 3.0)
    for number in range(3):
        book.see("MODIFIED", pod(number, "v2"), 4.0)
    assert book.fewest == 1
    assert book.counts.total() == 4
    assert len(book.turned) == 3


def test_an_old_pod_and_its_successor_are_two_pods() -> None:
    book = ready(1)
    book.see("DELETED", pod(0, None), 3.0)
    book.see("ADDED", pod(0, "v2", uid="another"), 4.0)
    assert +book.counts == {"v2": 1}
    assert list(book.marks) == ["another"]


def test_unchanged_pods_are_no_news() -> None:
    book = ready(1)
    before = list(book.turned)
    book.see("MODIFIED", pod(0, "v1"), 9.0)
    assert book.turned == before


def test_a_turn_begins_without_pods() -> None:
    book = ready(2)
    book.clear(resized=False)
    assert not book.marks
    assert book.fewest == 0
    assert book.turned == []


def ready(count: int) -> Book:
    book = Book()
    for number in range(count):
        book.see("ADDED", pod(number, "v1"), 1.0)
    return book


def pod(number: int, image: str | None, uid: str = "") -> dict[str, Any]:
    """A pod that is Ready with this image; without an image it is not Ready."""
    name = f"web-{number}"
    return {
        "metadata": {"name": name, "uid": uid or f"uid-{number}"},
        "status": {
            "conditions": [{"type": "Ready", "status": str(image is not None)}],
            "containerStatuses": [{"image": image}],
        },
    }
