"""What the page of an instance tells of its pod."""

from __future__ import annotations

from tests.unit.ui.conftest import Setting
from tests.unit.ui.objects import job, pod, put
from tests.unit.ui.test_update_page import words


async def test_the_claims_that_the_pod_mounts(page: Setting) -> None:
    found = pod(0)
    put(page.store, job(), found)
    volumes = [
        {"name": "data", "persistentVolumeClaim": {"claimName": "data-web-0"}},
        {"name": "tmp", "emptyDir": {}},
        {"name": "logs", "persistentVolumeClaim": {"claimName": "logs-web-0"}},
    ]
    page.api.objects["pods", "shop", "web-0"] = {**found, "spec": {"volumes": volumes}}
    said = words((await page.get("/instances/shop/web/0"))[1])
    assert "Claims data-web-0 , logs-web-0" in said


async def test_a_pod_without_claims_has_no_such_line(page: Setting) -> None:
    put(page.store, job(), pod(0))
    page.api.objects["pods", "shop", "web-0"] = pod(0)
    assert "Claims" not in words((await page.get("/instances/shop/web/0"))[1])
