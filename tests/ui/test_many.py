"""``echelon-ui`` on a real API server: each viewer sees and does what his token may."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from hack.devcluster.cluster import Cluster
from hack.harness.audit import READS, Audit
from hack.harness.manifests import job, queue
from hack.harness.space import Space
from tests.ui.deployed import Browser, Deployed, fetch
from tests.ui.people import NODES, STEER, VIEW, Person, page_account, person
from tests.unit.ui.test_tls import issue

PAGE_USER = "echelon-page"
FAST = "--review-seconds=2"


@dataclass
class Two:
    """Two namespaces with a Job ``web`` each, whose Update is paused in the middle; ``nowhere`` is
    none. ``update``: its name."""

    space: Space
    mine: str
    other: str
    nowhere: str
    update: str

    def someone(self, name: str) -> Person:
        return person(self.space.cluster, name)

    def addresses(self, namespace: str) -> dict[str, str]:
        """Pages and streams of a namespace, by what they show."""
        home, update = f"/jobs/{namespace}/web", f"/updates/{namespace}/{self.update}"
        return {
            "job": home,
            "completed": f"{home}?tab=completed",
            "configuration": f"{home}?tab=configuration",
            "updates": f"{home}?tab=updates",
            "update": update,
            "instance": f"/instances/{namespace}/web/0",
            "log": f"/log/{namespace}/web-0/web",
            "no such job": f"/jobs/{namespace}/none",
            "resume": f"{update}/resume",
            "stream of the job": f"/live{home}",
            "stream of the update": f"/live{update}",
            "stream of the instance": f"/live/instances/{namespace}/web/0",
        }


@pytest.fixture
def two(space: Space) -> Iterator[Two]:
    other = f"{space.name[:40]}-other"
    space.api.create("/api/v1/namespaces", {"metadata": {"name": other}})
    name = ""
    for namespace in (space.name, other):
        here = Space(space.cluster, space.sightings, namespace)
        here.made(job(instances=4, min_ready=1, strategy=queue(1)))
        here.set_image("web:2")
        name = here.wait_update("RollingForward")["metadata"]["name"]
        space.api.patch(here.path("updates", name), {"spec": {"paused": True}})
        here.wait_update("RollForwardPaused", name=name)
    yield Two(space, space.name, other, f"{space.name[:40]}-none", name)
    space.api.delete(f"/api/v1/namespaces/{other}")


@pytest.fixture
def kubeconfig(cluster: Cluster) -> Path:
    """Of the page: a client certificate, which must not go with the requests of viewers."""
    return page_account(cluster, PAGE_USER)


def looked(browser: Browser, addresses: dict[str, str]) -> dict[str, tuple[int, str]]:
    """Status and text of each page; of a stream that is opened the status alone."""
    found = {}
    for word, path in addresses.items():
        if path.startswith("/live"):
            stream = browser.stream(path.removeprefix("/live"))
            found[word] = stream.status, "" if stream.status == 200 else stream.rest()
            stream.close()
        else:
            found[word] = browser.get(path)
    return found


def assert_hidden(browser: Browser, two: Two, namespace: str) -> None:
    """Every address of a namespace answers as if it were not there, byte for byte."""
    shown = looked(browser, two.addresses(namespace))
    nothing = looked(browser, two.addresses(two.nowhere))
    for word, (status, text) in shown.items():
        assert status == 404, word
        assert (status, text.replace(namespace, two.nowhere)) == nothing[word], word
    act = {"csrf": browser.hidden("/signout")["csrf"], "uid": "x"}
    for there in (namespace, two.nowhere):
        for verb in ("pause", "resume", "abort", "rollback", "none"):
            assert browser.post(f"/updates/{there}/{two.update}/{verb}", act)[0] == 404
    for path in (
        "/",
        f"/?ns={namespace}",
        "/?q=web",
        "/?q=other",
        "/nodes/sim-0",
        "/?state=Stalled",
    ):
        text = browser.get(path)[1].replace(f"ns={namespace}", "")
        assert f"/{namespace}/" not in text, path
        assert text.count(namespace) <= ("ns=" in path) * 2, path


def test_who_has_no_rights_learns_nothing(two: Two, kubeconfig: Path, tmp_path: Path) -> None:
    with Deployed(kubeconfig, tmp_path) as page:
        browser = page.browser(two.someone("nobody"))
        assert "There are no Jobs yet" in browser.get("/")[1]
        for namespace in (two.mine, two.other):
            assert_hidden(browser, two, namespace)
        for path in ("/nodes/sim-0", "/nodes/none", "/live/nodes/sim-0"):
            assert browser.get(path)[0] == 404


def test_who_may_look_at_one_namespace(two: Two, kubeconfig: Path, tmp_path: Path) -> None:
    viewer = two.someone("viewer").may(VIEW, two.mine)
    with Deployed(kubeconfig, tmp_path) as page:
        browser = page.browser(viewer)
        found = looked(browser, two.addresses(two.mine))
        assert {word for word, (status, _) in found.items() if status != 200} == {
            "no such job",
            "resume",
        }
        assert found["resume"][0] == 403
        assert ">Resume<" not in found["update"][1]
        assert "web:2" in found["configuration"][1]
        assert viewer.name in found["job"][1]
        act = {"csrf": browser.hidden("/signout")["csrf"], "uid": "x"}
        assert browser.post(f"/updates/{two.mine}/{two.update}/resume", act)[0] == 403
        assert_hidden(browser, two, two.other)
        node = two.space.pod(0)["spec"]["nodeName"]
        status, text = browser.get(f"/nodes/{node}")
        assert (status, "web/0" in text, "Kubelet" in text) == (200, True, False)
        assert text.count(f"/instances/{two.other}/") == 0


def test_who_may_steer_does_so_with_his_own_token(
    two: Two, kubeconfig: Path, tmp_path: Path, audit: Audit
) -> None:
    pilot = two.someone("pilot").may(STEER, two.mine)
    with Deployed(kubeconfig, tmp_path) as page:
        browser = page.browser(pilot)
        address = f"/updates/{two.mine}/{two.update}"
        assert ">Resume<" in browser.get(address)[1]
        audit.mark()
        fields = {**browser.hidden(f"{address}/resume"), "message": "looks good"}
        assert browser.post(f"{address}/resume", fields, origin="http://evil.example")[0] == 403
        assert browser.post(f"{address}/resume", {**fields, "csrf": "0" * 64})[0] == 403
        assert browser.post(f"{address}/resume", fields)[0] == 303
        two.space.wait_update("RolledForward", name=two.update, timeout=60)
        assert_hidden(browser, two, two.other)
        browser.get(f"/log/{two.mine}/web-0/web")
    writes = [each for each in audit.requests(user=pilot.user) if each.writes]
    assert [(each.verb, each.resource, each.code) for each in writes] == [("patch", "updates", 200)]
    logs = [each for each in audit.requests(user=pilot.user) if each.subresource == "log"]
    assert len(logs) == 1
    own = audit.requests(user=PAGE_USER)
    assert {each.resource for each in own if each.verb not in READS} <= {
        "tokenreviews",
        "subjectaccessreviews",
    }
    assert not [str(each) for each in own if each.denied or each.subresource == "log"]


def test_who_may_see_everything_sees_it(two: Two, kubeconfig: Path, tmp_path: Path) -> None:
    admin = two.someone("admin").may([*STEER, NODES])
    with Deployed(kubeconfig, tmp_path) as page:
        browser = page.browser(admin)
        for namespace in (two.mine, two.other):
            for word, (status, _) in looked(browser, two.addresses(namespace)).items():
                assert status == (404 if word == "no such job" else 200), word
            assert f"/jobs/{namespace}/web" in browser.get("/")[1]
        assert "Kubelet" in browser.get("/nodes/sim-0")[1]
        assert browser.get("/nodes/none")[0] == 404


def test_curl_with_a_token_needs_no_session(two: Two, kubeconfig: Path, tmp_path: Path) -> None:
    viewer = two.someone("curl").may(VIEW, two.mine)
    with Deployed(kubeconfig, tmp_path) as page:
        page.tokens.add(viewer.token)
        browser, home = page.browser(), f"/jobs/{two.mine}/web"
        bearer = [("Authorization", f"Bearer {viewer.token}")]
        assert browser.get(home, bearer)[0] == 200
        spoofed = [("X-Remote-User", "kubernetes-admin"), ("X-Remote-Group", "system:masters")]
        assert browser.get(home, spoofed)[0] == 401
        assert browser.get(f"/jobs/{two.other}/web", [*bearer, *spoofed])[0] == 404
        broken = viewer.token[:-6] + "AAAAAA"
        page.tokens.add(broken)
        assert browser.get(home, [("Authorization", f"Bearer {broken}")])[0] == 401
        assert browser.sign_in(broken) == 401


def test_a_revoked_token_ends_the_session_and_its_stream(
    two: Two, kubeconfig: Path, tmp_path: Path
) -> None:
    leaver = two.someone("leaver").may(VIEW, two.mine)
    with Deployed(kubeconfig, tmp_path, FAST) as page:
        browser = page.browser(leaver)
        stream = browser.stream(f"/updates/{two.mine}/{two.update}")
        stream.until('hx-target="#head"')
        leaver.leave()
        stream.rest()
        assert browser.get("/")[0] == 401
        assert browser.get(f"/live/updates/{two.mine}/{two.update}")[0] == 401
        metrics = fetch(f"{page.metrics}/metrics")[1]
        assert "echelon_ui_sessions 0.0" in metrics
        assert leaver.token not in metrics


def test_rights_that_are_taken_away_end_streams_and_shrink_lists(
    two: Two, kubeconfig: Path, tmp_path: Path
) -> None:
    viewer = two.someone("guest").may(VIEW, two.mine).may(VIEW, two.other)
    with Deployed(kubeconfig, tmp_path, FAST) as page:
        browser = page.browser(viewer)
        streams = [browser.stream("/"), browser.stream(f"/jobs/{two.other}/web")]
        streams[0].until(f"/jobs/{two.other}/web")
        viewer.may_no_longer(two.other)
        for stream in streams:
            stream.rest()
        again = browser.stream("/")
        assert f"/{two.other}/" not in again.until("</hx-partial>")
        again.close()
        assert_hidden(browser, two, two.other)
        assert browser.get(f"/jobs/{two.mine}/web")[0] == 200


def test_only_the_proxy_says_who_a_viewer_is(
    two: Two, kubeconfig: Path, tmp_path: Path, audit: Audit
) -> None:
    viewer = two.someone("proxied").may(VIEW, two.mine)
    home = f"/jobs/{two.mine}/web"
    user = [("X-Remote-User", viewer.name)]
    prefix = viewer.user.removesuffix(viewer.name)
    behind = ["--auth=headers", f"--user-prefix={prefix}", "--proxy-from"]
    with Deployed(kubeconfig, tmp_path, *behind, "127.0.0.1/32") as page:
        page.tokens.add(viewer.token)
        browser = page.browser()
        assert browser.get(home, user)[0] == 200
        assert browser.get(f"/jobs/{two.other}/web", user)[0] == 404
        assert browser.get(home)[0] == 401
        assert browser.get(home, [("Authorization", f"Bearer {viewer.token}")])[0] == 401
        assert browser.get("/signin", user)[0] == 404
        audit.mark()
        assert browser.get(f"/log/{two.mine}/web-0/web", user)[0] == 200
        (log,) = [each for each in audit.requests(user=PAGE_USER) if each.subresource == "log"]
        assert not log.denied
    secret = tmp_path / "secret"
    secret.write_text("shared")
    elsewhere = [*behind, "10.0.0.0/8", f"--proxy-secret-file={secret}"]
    with Deployed(kubeconfig, tmp_path, *elsewhere) as page:
        known = [*user, ("X-Echelon-Proxy-Secret", "shared")]
        for headers in ([], user, known, [*known, ("X-Forwarded-For", "10.0.0.1")]):
            for path in (home, "/", f"/live{home}", "/nodes/sim-0"):
                assert page.browser().get(path, headers)[0] == 403


def test_by_https_the_session_is_of_this_host_alone(
    space: Space, kubeconfig: Path, tmp_path: Path
) -> None:
    certificate, key = issue(tmp_path, "127.0.0.1")
    someone = person(space.cluster, "secure")
    with Deployed(kubeconfig, tmp_path, f"--tls-cert={certificate}", f"--tls-key={key}") as page:
        assert page.url.startswith("https://127.0.0.1:")
        browser = page.browser(someone)
        assert browser.get("/")[0] == 200
        cookies = {each.name: each for each in browser.cookies}
        assert cookies.keys() == {"__Host-echelon-form", "__Host-echelon-session"}
        for cookie in cookies.values():
            assert cookie.secure
            assert not cookie.domain_specified
