"""The page as the chart renders it: off by default, locked down, and as docs/page.md shows it."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from controller.ui import settings
from hack.chart import ROOT
from tests.chart.helm import HelmError, Object, default_objects, nested, one, render

TEXT = (ROOT / "docs" / "page.md").read_text()
NAME = "echelon-page"
ON = {"page.enabled": True}


def page(values: Object | None = None) -> list[Object]:
    """What is rendered with the page, and is not without it."""
    given = nested({**ON, **(values or {})})
    others = render(nested({k: v for k, v in (values or {}).items() if not k.startswith("page.")}))
    return [each for each in render(given) if each not in others]


def container(rendered: list[Object]) -> Object:
    found: Object = one(rendered, "Deployment", NAME)["spec"]["template"]["spec"]["containers"][0]
    return found


def flags(values: Object | None = None) -> settings.Settings:
    """The settings of the program from the container's flags."""
    return settings.load(container(page(values))["args"], {})


def test_it_is_off_by_default() -> None:
    assert not [each for each in default_objects() if "page" in each["metadata"]["name"]]


def test_with_it_nothing_of_the_operator_changes() -> None:
    with_it = render(nested(ON))
    assert all(each in with_it for each in default_objects())
    assert {each["metadata"]["labels"]["app.kubernetes.io/component"] for each in page()} == {
        "page"
    }


def test_by_default_it_runs_as_by_default() -> None:
    ours, own = flags(), settings.load([], {})
    assert [str(url) for url in ours.urls] == ["http://localhost:8080/"]
    for name in settings.Settings.model_fields:
        if not name.endswith("address") and name not in ("log_format", "urls"):
            assert getattr(ours, name) == getattr(own, name), name
    assert [str(getattr(ours, f"{name}address")) for name in ("", "health_", "metrics_")] == [
        ":8080",
        ":9096",
        ":9095",
    ]


def test_values_reach_the_program() -> None:
    secret = {"page.proxy.secretName": "s", "page.proxy.from": ["10.0.0.0/8"]}
    values = {
        **secret,
        "watchNamespaces": ["a", "b"],
        "page.place": "production: east",
        "page.urls": ["https://echelon.example.com"],
        "page.auth": "headers",
        "page.proxy.groupSeparator": ",",
        "page.proxy.userPrefix": "oidc:",
        "page.tls.secretName": "tls",
        "page.sessionSeconds": 600,
        "page.reviewSeconds": 10,
    }
    args = [
        # These files are in the pod alone.
        re.sub(r"=/etc/echelon/.*", f"={__file__}", arg)
        for arg in container(page(values))["args"]
    ]
    got = settings.load(args, {})
    assert (got.namespaces, got.place, got.auth) == (("a", "b"), "production: east", "headers")
    assert (got.session, got.review) == (600, 10)
    assert (got.headers.user, got.headers.separator, got.headers.user_prefix) == (
        "X-Remote-User",
        ",",
        "oidc:",
    )
    mounts = {each["name"]: each["mountPath"] for each in container(page(values))["volumeMounts"]}
    assert mounts == {
        "tmp": "/tmp",
        "tls": "/etc/echelon/tls",
        "proxy": "/etc/echelon/proxy",
    }


def test_each_flag_has_a_value() -> None:
    values = {
        "watchNamespaces": ["a"],
        "page.place": "x",
        "page.auth": "headers",
        "page.urls": ["https://a.example"],
        "page.tls.secretName": "tls",
        "page.proxy.from": ["10.0.0.0/8"],
        "page.proxy.secretName": "s",
        "page.proxy.groupSeparator": ",",
        "page.proxy.userPrefix": "u",
        "page.proxy.groupPrefix": "g",
    }
    args = container(page(values))["args"]
    assert {arg.partition("=")[0] for arg in args} == set(settings.flags())


def test_the_pod_is_locked_down() -> None:
    pod = one(page(), "Deployment", NAME)["spec"]["template"]["spec"]
    assert pod["securityContext"]["runAsNonRoot"]
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    context = container(page())["securityContext"]
    assert context["readOnlyRootFilesystem"]
    assert not context["allowPrivilegeEscalation"]
    assert context["capabilities"] == {"drop": ["ALL"]}
    assert container(page())["command"] == ["echelon-ui"]
    assert 'echelon-ui = "controller.ui.__main__:main"' in (ROOT / "pyproject.toml").read_text()


def verbs(rendered: list[Object]) -> set[tuple[str, str]]:
    return {
        (verb, resource)
        for each in rendered
        for rule in each.get("rules", ())
        for resource in rule["resources"]
        for verb in rule["verbs"]
        if "Role" in each["kind"]
    }


def test_its_account_writes_nothing_and_reads_logs_only_behind_a_proxy() -> None:
    reviews = {("create", "subjectaccessreviews"), ("create", "tokenreviews")}
    found = verbs(page())
    assert {each for each in found if each[0] not in ("get", "list", "watch")} == reviews
    assert not {resource for _, resource in found} & {"secrets", "pods/log", "*"}
    behind = verbs(page({"page.auth": "headers", "page.proxy.from": ["127.0.0.1/32"]}))
    assert behind - found == {("get", "pods/log")}
    assert found - behind == {("create", "tokenreviews")}


def test_of_some_namespaces_it_reads_only_these() -> None:
    rendered = page({"watchNamespaces": ["a", "b"]})
    places = sorted(each["metadata"]["namespace"] for each in rendered if each["kind"] == "Role")
    assert places == ["a", "b"]
    cluster = verbs([one(rendered, "ClusterRole", NAME)])
    assert {resource for _, resource in cluster} == {
        "maintenances",
        "nodes",
        "subjectaccessreviews",
        "tokenreviews",
    }
    assert flags({"watchNamespaces": ["a", "b"]}).namespaces == ("a", "b")


def test_selectors_of_page_and_operator_meet_each_their_own() -> None:
    values = {"networkPolicy.enabled": True, "metrics.serviceMonitor.enabled": True}
    rendered = render(nested({**ON, **values}))
    pods = {
        each["metadata"]["name"]: each["spec"]["template"]["metadata"]["labels"]
        for each in rendered
        if each["kind"] == "Deployment"
    }
    for each in rendered:
        spec = each.get("spec", {})
        if each["kind"] == "Service":
            chosen = spec["selector"]
        elif each["kind"] == "NetworkPolicy":
            chosen = spec["podSelector"]["matchLabels"]
        else:
            continue
        met = [name for name, labels in pods.items() if chosen.items() <= labels.items()]
        owner = NAME if "page" in each["metadata"]["name"] else "echelon"
        assert met == [owner], each["metadata"]["name"]


def test_the_monitors_scrape_the_metrics_of_both() -> None:
    rendered = render(nested({**ON, "metrics.serviceMonitor.enabled": True}))
    monitors = [each for each in rendered if each["kind"] == "ServiceMonitor"]
    assert [each["metadata"]["name"] for each in monitors] == ["echelon", NAME]
    for monitor in monitors:
        chosen = monitor["spec"]["selector"]["matchLabels"].items()
        ports = [
            port["name"]
            for each in rendered
            if each["kind"] == "Service" and chosen <= each["metadata"]["labels"].items()
            for port in each["spec"]["ports"]
        ]
        assert ports.count("metrics") == 1


def test_the_service_leads_to_a_port_or_to_a_name() -> None:
    for given, port in ((4180, 4180), ("4180", 4180), ("proxy", "proxy"), ("", "http")):
        service = one(page({"page.service.targetPort": given}), "Service", NAME)
        assert service["spec"]["ports"][0]["targetPort"] == port


def test_the_ingress_is_for_the_addresses_with_https() -> None:
    urls = ["https://a.example:8443/", "http://localhost:8080", "https://b.example"]
    spec = one(page({"page.ingress.enabled": True, "page.urls": urls}), "Ingress", NAME)["spec"]
    assert [rule["host"] for rule in spec["rules"]] == ["a.example", "b.example"]
    assert spec["tls"] == [{"hosts": ["a.example", "b.example"]}]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"page.auth": "headers"}, r"page\.auth=headers needs page\.proxy\.from"),
        (
            {"page.auth": "headers", "page.proxy.from": ["127.0.0.1/32", "10.0.0.0/8"]},
            r"page\.proxy\.from 10\.0\.0\.0/8 needs page\.proxy\.secretName",
        ),
        ({"page.auth": "headers", "page.proxy.from": ["::/0"]}, "::/0 needs page.proxy.secretName"),
        ({"page.proxy.secretName": "s"}, "no effect without page.auth=headers"),
        ({"page.tls.secretName": "tls"}, "http://localhost:8080 is not"),
        ({"page.port": 9096}, "must differ; they are 9096, 9096, 9095"),
        ({"page.ingress.enabled": True}, "needs an address such as"),
        ({"page.urls": []}, "urls"),
        ({"page.urls": ["http://echelon.example.com"]}, "urls"),
        ({"page.urls": ["https://echelon.example.com/path"]}, "urls"),
        ({"page.auth": "none"}, "auth"),
        ({"page.proxy.from": ["everywhere"]}, "from"),
        ({"page.extraEnv": [{"name": "ECHELON_UI_AUTH", "value": "x"}]}, "page.extraArgs instead"),
    ],
)
def test_a_mistake_is_refused_by_name(given: dict[str, Any], said: str) -> None:
    with pytest.raises(HelmError, match=said):
        page(given)


@pytest.mark.parametrize("own", ["127.0.0.1/32", "127.0.0.0/8", "127.0.0.1", "::1", "::1/128"])
def test_a_proxy_in_the_same_pod_needs_no_secret(own: str) -> None:
    assert flags({"page.auth": "headers", "page.proxy.from": [own]}).auth == "headers"


@pytest.mark.parametrize(
    ("release", "values"),
    [("x", {"fullnameOverride": 30 * "ab" + "-cd"}), ("2024", {}), ("my.release", {})],
)
def test_odd_names_give_names_kubernetes_takes(release: str, values: Object) -> None:
    for each in render(nested({**ON, **values}), release=release):
        if each["kind"] == "Service":
            assert re.fullmatch(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?", each["metadata"]["name"])


def documented() -> list[Object]:
    blocks = re.findall(r"```yaml\n(page:.*?)```", TEXT, re.DOTALL)
    return [yaml.safe_load(block) for block in blocks]


def test_the_documented_values_do_what_is_said() -> None:
    plain, behind = documented()
    spec = one(render(plain), "Ingress", NAME)["spec"]
    assert [rule["host"] for rule in spec["rules"]] == ["echelon.example.com"]
    rendered = render(behind)
    got = settings.load(container(rendered)["args"], {})
    assert (got.auth, got.headers.user, got.headers.separator) == (
        "headers",
        "X-Forwarded-Email",
        ",",
    )
    assert one(rendered, "Service", NAME)["spec"]["ports"][0]["targetPort"] == 4180
    names = [
        each["name"]
        for each in one(rendered, "Deployment", NAME)["spec"]["template"]["spec"]["containers"]
    ]
    assert names == ["page", "oauth2-proxy"]
