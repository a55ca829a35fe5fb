"""What docs/page.md says about tokens and rights is so, on a real API server."""

from __future__ import annotations

import re
from pathlib import Path

from controller.ui import attempts, live, reads, recorder, reviews, sessions
from controller.ui.settings import load
from hack.chart import ROOT
from hack.harness.manifests import job
from hack.harness.space import Space
from tests.ui.deployed import Deployed
from tests.ui.people import page_account

TEXT = (ROOT / "docs" / "page.md").read_text()
#: What the chart adds to Kubernetes' role `view`.
AGGREGATED = """
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: echelon-view
  labels: {rbac.authorization.k8s.io/aggregate-to-view: "true"}
rules:
  - {apiGroups: [echelon.dev], resources: [echelonjobs, updates], verbs: [get, list, watch]}
"""


def commands() -> list[str]:
    return re.findall(r"^\$ (.*)$", TEXT, re.MULTILINE)


def roles() -> str:
    """The manifest with the rights of a team."""
    (found,) = re.findall(r"```yaml\n(apiVersion: rbac.*?)```", TEXT, re.DOTALL)
    return str(found)


def test_the_documented_rights_are_enough_to_see_all(space: Space, tmp_path: Path) -> None:
    space.made(job(instances=2))
    space.kubectl("create", "serviceaccount", "ada")
    space.kubectl(
        "apply", "-f", "-", input=roles().replace("namespace: shop", f"namespace: {space.name}")
    )
    space.kubectl("apply", "-f", "-", input=AGGREGATED)
    create, curl = commands()
    token = space.kubectl(*create.replace("shop", space.name).split()[1:]).strip()
    may = ("auth", "can-i", "list", "ejob", f"--token={token}")
    space.cluster.wait("the role is aggregated", lambda: "yes" in space.kubectl(*may, check=False))
    with Deployed(page_account(space.cluster), tmp_path) as page:
        page.tokens.add(token)
        browser = page.browser()
        assert browser.sign_in(token) == 303
        home = f"/jobs/{space.name}/web"
        for tab in ("instances", "completed", "configuration", "updates"):
            status, text = browser.get(f"{home}?tab={tab}")
            assert status == 200
            assert "you may not" not in text
        assert "Scheduled to sim-" in browser.get(f"/instances/{space.name}/web/0")[1]
        assert "Kubelet" in browser.get(f"/nodes/{space.pod(0)['spec']['nodeName']}")[1]
        assert curl.startswith('curl --header "Authorization: Bearer $(')
        assert page.browser().get(home, [("Authorization", f"Bearer {token}")])[0] == 200


def test_the_documented_limits_are_those_of_the_code() -> None:
    assert sessions.MAX_SESSIONS == live.MAX_STREAMS == 1000
    assert "At most 1,000 sessions (20 of one user), 1,000 open streams (100 of one user, " in TEXT
    assert f"of at most {live.MAX_PAGES_OF_ONE} different pages)" in TEXT
    assert (sessions.MAX_OF_ONE, live.MAX_OF_ONE) == (20, 100)
    assert (recorder.MAX_POINTS, reads.MAX_EVENTS, recorder.MAX_ENDED) == (500, 500, 50)
    assert (reviews.GRACE, load([], {}).review, load([], {}).session) == (300, 60, 8 * 3600)
    assert f"After {attempts.MOST} refused tokens in a minute" in TEXT
