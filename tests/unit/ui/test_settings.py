"""The flags of echelon-ui, and the addresses that they take."""

from __future__ import annotations

import pytest

from controller.setting_types import Address
from controller.ui.addresses import Served
from controller.ui.settings import flags, load

SECRET = ["--proxy-secret-file", __file__]


def test_defaults() -> None:
    found = load([], {})
    assert (found.auth, found.urls, found.namespaces) == ("token", (), ())
    assert (found.session, found.review) == (8 * 3600, 60)
    assert found.address == Address("127.0.0.1", 8080)


def test_flags_and_variables() -> None:
    args = ["--url", "https://Echelon.example.com:443/", "--url=http://localhost:8080"]
    environ = {"ECHELON_UI_NAMESPACE": "a,b", "ECHELON_UI_PROXY_FROM": "10.0.0.0/8,192.0.2.1"}
    found = load([*args, "--auth", "headers", *SECRET, "--group-separator", ","], environ)
    assert found.urls == (Served("echelon.example.com", True), Served("localhost:8080", False))
    assert found.namespaces == ("a", "b")
    assert [str(each) for each in found.proxies] == ["10.0.0.0/8", "192.0.2.1/32"]
    assert found.headers.separator == ","
    assert str(found.urls[0]) == "https://echelon.example.com/"


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["--url", "http://echelon.example.com"], "could be read on its way"),
        (["--url", "echelon.example.com"], "--url: 'echelon.example.com' is not an address"),
        (["--url", "https://a.example/path"], "is not an address such as"),
        (["--url", "https://me@a.example"], "is not an address such as"),
        (["--url", "https://a.example:x"], "'https://a.example:x': "),
        (["--auth", "headers"], "--auth headers needs --proxy-from"),
        (
            ["--auth", "headers", "--proxy-from", "127.0.0.1/32", "--proxy-from", "10.0.0.0/8"],
            "--proxy-from 10.0.0.0/8 needs --proxy-secret-file",
        ),
        (["--auth", "headers", "--proxy-from", "::/0"], "--proxy-from ::/0 needs"),
        (["--auth", "none"], "--auth: 'none' is not one of token, headers"),
        (["--proxy-from", "10.0.0.1/8"], "say for example 10.0.0.0/8"),
        (["--user-header", "X User"], "'X User' is not the name of a header"),
        (["--tls-cert", __file__], "--tls-cert and --tls-key belong together"),
        (
            ["--tls-cert", __file__, "--tls-key", __file__, "--url", "http://localhost:1"],
            "--url http://localhost:1/: with --tls-cert it is https",
        ),
        (SECRET, "no effect without --auth headers"),
        (["--review-seconds", "0"], "from 1 to 600"),
        (["--lease-name", "x"], "no such flag: --lease-name x"),
    ],
)
def test_what_is_wrong_is_said(
    args: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        load(args, {})
    assert ended.value.code == 2
    err = capsys.readouterr().err
    assert err.startswith("echelon-ui: ")
    assert said in err
    assert "Try echelon-ui --help." in err


def test_a_proxy_on_this_machine_needs_no_secret() -> None:
    for own in ("127.0.0.0/8", "127.0.0.1", "::1"):
        assert load(["--auth", "headers", "--proxy-from", own], {}).proxy_secret_file == ""


def test_each_flag_is_a_variable_of_its_name() -> None:
    for spelled, field in flags().items():
        assert field.validation_alias == "ECHELON_UI_" + spelled[2:].upper().replace("-", "_")
