from __future__ import annotations

import json

import pytest

from controller.kube.client import Client
from controller.kube.discovery import published, serves
from controller.kube.errors import NotFound
from controller.kube.resources import PODS
from controller.resource import Resource
from tests.unit.kube.fake import FakeApi


async def test_serves(client: Client, api: FakeApi) -> None:
    jobs = Resource("example.dev", "v1", "jobs", "Job")
    assert not await serves(client, jobs)
    api.objects["/apis/example.dev/v1"] = {"resources": [{"name": "jobs"}]}
    api.objects["/apis"] = {"groups": []}
    assert not await serves(client, jobs)
    api.objects["/apis"] = {"groups": [{"name": "example.dev"}]}
    assert await serves(client, jobs)


async def test_serves_the_core_group(client: Client, api: FakeApi) -> None:
    api.objects["/api/v1"] = {"resources": [{"name": "pods"}]}
    api.objects["/apis"] = {"groups": []}
    assert await serves(client, PODS)


async def test_published(client: Client, api: FakeApi) -> None:
    api.objects["/openapi/v3/apis/example.dev/v1"] = {"components": {}}
    assert json.loads(await published(client, "example.dev/v1")) == {"components": {}}
    with pytest.raises(NotFound):
        await published(client, "example.dev/v2")
