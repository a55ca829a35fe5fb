from __future__ import annotations

import pytest

from controller.settings import Address, load


def test_defaults() -> None:
    settings = load([], {})
    assert settings.namespaces == ()
    assert settings.metrics_address == Address("127.0.0.1", 9095, spare=True)
    assert settings.health_address == Address("127.0.0.1", 9096, spare=True)
    assert (settings.log_format, settings.log_level) == ("console", "info")
    assert (settings.lease_namespace, settings.lease_name) == ("kube-system", "echelon")
    assert settings.lease_duration > settings.lease_renew_deadline > settings.lease_retry


def test_flags() -> None:
    settings = load(
        ["--namespace", "a", "--namespace=b", "--namespace", "a", "--metrics-address", ":8080",
         "--health-address", "[::1]:0", "--log-format", "json", "--log-level", "WARNING",
         "--lease-name", "other", "--workers", "7", "--resync-seconds", "30.5"],
        {},
    )  # fmt: skip
    assert settings.namespaces == ("a", "b")
    assert settings.metrics_address == Address("", 8080)
    assert settings.health_address == Address("::1", 0)
    assert str(settings.health_address) == "[::1]:0"
    assert (settings.log_format, settings.log_level) == ("json", "warning")
    assert (settings.lease_name, settings.workers, settings.resync) == ("other", 7, 30.5)


def test_environment() -> None:
    environ = {
        "ECHELON_NAMESPACE": "a, b,",
        "ECHELON_METRICS_ADDRESS": "0.0.0.0:9000",
        "ECHELON_LOG_FORMAT": "json",
        "ECHELON_LEASE_DURATION_SECONDS": "30",
        "ECHELON_LOG_LEVEL": "",
    }
    settings = load(["--log-format", "console"], environ)
    assert settings.namespaces == ("a", "b")
    assert settings.metrics_address == Address("0.0.0.0", 9000)
    assert settings.log_format == "console", "the flag wins"
    assert settings.lease_duration == 30
    assert settings.log_level == "info", "an empty variable says nothing"


@pytest.mark.parametrize(
    ("argv", "environ", "says"),
    [
        (["--log-format", "xml"], {}, "--log-format: 'xml' is not one of console, json"),
        ([], {"ECHELON_LOG_LEVEL": "loud"}, "ECHELON_LOG_LEVEL: 'loud' is not one of debug"),
        (["--metrics-address", "8080"], {}, "--metrics-address: '8080' is not host:port"),
        (["--metrics-address", "a:99999"], {}, "say for example 127.0.0.1:8080"),
        (["--health-address", "::1:80"], {}, "in brackets"),
        (["--namespace", "My_NS"], {}, "--namespace: 'My_NS' is not a namespace's name"),
        ([], {"ECHELON_NAMESPACE": "a,b.c"}, "ECHELON_NAMESPACE: 'b.c'"),
        (["--workers", "0"], {}, "--workers: '0' is not a whole number from 1 to 1000"),
        (["--resync-seconds", "nan"], {}, "from 10 to 86400"),
        (["--lease-duration-seconds", "5"], {}, "must be greater than --lease-renew-deadline"),
        (["--lease-name", "A/b"], {}, "--lease-name: 'A/b'"),
        (["--nmespace", "a"], {}, "no such flag: --nmespace a"),
        (["--namespace"], {}, "expected one argument"),
    ],
)
def test_what_is_wrong_is_said(
    argv: list[str], environ: dict[str, str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        load(argv, environ)
    assert ended.value.code == 2
    shown = capsys.readouterr().err
    assert says in shown
    assert "Try echelon-controller --help." in shown
    assert "Traceback" not in shown


def test_help_names_every_flag(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        load(["--help"], {})
    assert ended.value.code == 0
    shown = capsys.readouterr().out
    for flag in ("--namespace", "--metrics-address", "--health-address", "--log-format",
                 "--log-level", "--lease-namespace", "--lease-name", "ECHELON_"):  # fmt: skip
        assert flag in shown
    assert max(map(len, shown.splitlines())) <= 100


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        load(["--version"], {})
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith("echelon-controller ")
