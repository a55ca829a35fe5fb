"""Sessions end, are bounded, and do not show their tokens."""

from __future__ import annotations

from controller.ui import sessions as module
from controller.ui.sessions import Session, Sessions, Token


class World:
    def __init__(self) -> None:
        self.now = 0.0
        self.ended: list[Session] = []
        self.sessions = Sessions(100.0, self.ended.append, clock=lambda: self.now)


def test_a_session_is_found_by_its_id_until_it_ends() -> None:
    world = World()
    name = world.sessions.open("ada", Token("secret"))
    found = world.sessions.get(name)
    assert found is not None
    assert (found.user, found.token.text) == ("ada", "secret")
    assert world.sessions.get("") is None
    assert world.sessions.get(name + "x") is None
    world.sessions.end(found)
    assert world.sessions.get(name) is None
    assert world.ended == [found]
    world.sessions.end(found)
    assert world.ended == [found], "it ends once"


def test_its_time_is_over_though_it_is_used() -> None:
    world = World()
    name = world.sessions.open("ada", Token("secret"))
    world.now = 99.0
    assert world.sessions.get(name) is not None
    world.now = 100.0
    assert world.sessions.get(name) is None
    assert len(world.ended) == 1
    world.sessions.open("ada", Token("secret"))
    world.now = 200.0
    assert len(world.sessions) == 0
    assert len(world.ended) == 2


def test_ids_are_long_and_never_the_same() -> None:
    world = World()
    names = {world.sessions.open(f"user-{i}", Token("secret")) for i in range(100)}
    assert len(names) == 100
    assert min(map(len, names)) >= 43, "32 random bytes"


def test_one_user_has_only_so_many_and_the_oldest_goes() -> None:
    world = World()
    first = world.sessions.open("ada", Token("1"))
    others = [world.sessions.open("ada", Token(str(i))) for i in range(module.MAX_OF_ONE)]
    assert world.sessions.get(first) is None
    assert all(world.sessions.get(name) for name in others)


def test_there_are_only_so_many_and_the_least_used_goes() -> None:
    world = World()
    names = [world.sessions.open(f"u{i}", Token("t")) for i in range(module.MAX_SESSIONS)]
    assert world.sessions.get(names[0]) is not None
    world.sessions.open("one-more", Token("t"))
    assert len(world.sessions) == module.MAX_SESSIONS
    assert world.sessions.get(names[0]) is not None
    assert world.sessions.get(names[1]) is None


def test_a_token_does_not_show_itself() -> None:
    world = World()
    found = world.sessions.get(world.sessions.open("ada", Token("secret-token")))
    assert "secret-token" not in f"{found} {found!r} {Token('secret-token')!r}"
