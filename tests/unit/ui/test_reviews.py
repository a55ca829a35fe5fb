"""Questions of RBAC: what is asked of the API server, and how often."""

from __future__ import annotations

import asyncio
from typing import Any

from controller.kube.resources import PODS
from controller.ui.reviews import Identity, Question, Reviews, asks

ADA = Identity("ada", "u1", ("devs", "system:authenticated"), (("scopes", ("a", "b")),))


class Server:
    """Allows what ``allowed`` says: (user, namespace)."""

    def __init__(self) -> None:
        self.allowed: set[tuple[str, str]] = set()
        self.bodies: list[dict[str, Any]] = []

    async def create(self, resource: Any, namespace: None, body: Any) -> dict[str, Any]:
        assert namespace is None
        assert resource.kind == body["kind"]
        self.bodies.append(body)
        spec = body["spec"]
        asked = (spec.get("user", ""), spec["resourceAttributes"]["namespace"])
        await asyncio.sleep(0)
        return {"status": {"allowed": asked in self.allowed}}


def reviews(server: Server, now: list[float] | None = None) -> Reviews:
    client: Any = server
    clock = now or [0.0]
    return Reviews(asks(client), clock=lambda: clock[0])


async def test_about_a_viewer_all_is_said_that_his_token_says() -> None:
    server = Server()
    server.allowed = {("ada", "shop")}
    asked = reviews(server)
    question = Question("get", PODS, "shop", "log", ADA)
    assert all(await asyncio.gather(*(asked.may(question) for _ in range(20))))
    (body,) = server.bodies
    assert body["kind"] == "SubjectAccessReview"
    assert body["spec"] == {
        "user": "ada",
        "uid": "u1",
        "groups": ["devs", "system:authenticated"],
        "extra": {"scopes": ["a", "b"]},
        "resourceAttributes": {
            "verb": "get",
            "group": "",
            "resource": "pods",
            "subresource": "log",
            "namespace": "shop",
        },
    }


async def test_about_oneself_nobody_is_named() -> None:
    server = Server()
    server.allowed = {("", "shop")}
    assert await reviews(server).may(Question("list", PODS, "shop"))
    assert server.bodies[0]["kind"] == "SelfSubjectAccessReview"
    assert server.bodies[0]["spec"].keys() == {"resourceAttributes"}


async def test_the_answer_about_one_viewer_is_none_about_another() -> None:
    server = Server()
    server.allowed = {("ada", "shop"), ("ada", "")}
    asked = reviews(server)
    eve = Identity("eve")
    assert await asked.may(Question("list", PODS, "shop", of=ADA))
    assert not await asked.may(Question("list", PODS, "shop", of=eve))
    assert not await asked.may(Question("list", PODS, "shop", of=Identity("ada-")))
    others = Identity("ada", "u2", ADA.groups, ADA.extra)
    await asked.may(Question("list", PODS, "shop", of=others))
    assert len(server.bodies) == 4


async def test_a_right_everywhere_is_one_in_each_namespace_while_it_lasts() -> None:
    server, now = Server(), [0.0]
    server.allowed = {("ada", "")}
    asked = reviews(server, now)
    assert await asked.may(Question("list", PODS, None, of=ADA))
    assert await asked.may(Question("list", PODS, "shop", of=ADA))
    assert len(server.bodies) == 1
    now[0], server.allowed = 61.0, set()
    assert not await asked.may(Question("list", PODS, "shop", of=ADA))
    assert not await asked.may(Question("list", PODS, None, of=ADA))
