from __future__ import annotations

from pathlib import Path

import pytest

from controller.setting_types import Address
from controller.settings import flags, load


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


def test_max_voluntary_disruption_is_a_number_or_a_percentage() -> None:
    flag, variable = "--max-voluntary-disruption", "ECHELON_MAX_VOLUNTARY_DISRUPTION"
    assert load([], {}).max_voluntary_disruption == "30%"
    assert load([f"{flag}=12"], {variable: "5"}).max_voluntary_disruption == 12
    assert load([], {variable: "05%"}).max_voluntary_disruption == "5%"


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
        (["--name", "a"], {}, "no such flag: --name a"),
        (["--log-format", ""], {}, "--log-format: '' is not one of"),
        (["--max-voluntary-disruption", "101%"], {}, "nor a percentage from 0% to 100%"),
        (["--max-voluntary-disruption", "-1"], {}, "'-1' is neither a whole number"),
        ([], {"ECHELON_MAX_VOLUNTARY_DISRUPTION": "a third"}, "'a third' is neither a whole"),
        (["--gate-ca-file", "/no/such"], {}, "--gate-ca-file: '/no/such' cannot be read"),
        ([], {"ECHELON_GATE_ALLOW_LOOPBACK": "1"}, "LOOPBACK: '1' is not true or false"),
        ([], {"ECHELON_NAMESPACE": '["a"]'}, "ECHELON_NAMESPACE: '[\"a\"]' is not a namespace"),
        (["--stuck-seconds=1"], {"ECHELON_WORKERS": "x"}, "ECHELON_WORKERS: 'x'"),
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
    assert shown.count("\n") == 2, "one thing at a time"
    assert "Try echelon-controller --help." in shown
    assert "Traceback" not in shown


def test_a_flag_given_again_counts_last_and_namespaces_add_up() -> None:
    settings = load(["--workers", "3", "--workers=4", "--namespace=a,b", "--namespace=c"], {})
    assert settings.workers == 4
    assert settings.namespaces == ("a", "b", "c")


def test_a_flag_hides_a_variable_that_is_wrong() -> None:
    assert load(["--workers=3"], {"ECHELON_WORKERS": "many"}).workers == 3
    assert load(["--namespace="], {"ECHELON_NAMESPACE": "a"}).namespaces == (), "all of them"


@pytest.mark.parametrize("name", ["echelon_workers", "ECHELON_NAMESPACES", "ECHELON_RESYNC"])
def test_variables_of_other_names_say_nothing(name: str) -> None:
    assert load([], {name: "7"}) == load([], {})


def test_each_setting_is_a_flag_and_a_variable() -> None:
    texts = {
        "--namespace": "a", "--metrics-address": ":1", "--health-address": ":2",
        "--job-metrics": "5", "--maintenance": "true",
        "--maintenance-evict-others": "true",
        "--log-format": "json", "--log-level": "error", "--lease-namespace": "b",
        "--lease-name": "c", "--shards": "4", "--lease-duration-seconds": "30",
        "--lease-renew-deadline-seconds": "20", "--lease-retry-seconds": "0.5",
        "--workers": "1", "--connections": "2", "--resync-seconds": "11",
        "--report-seconds": "0.2", "--stuck-seconds": "12",
        "--max-voluntary-disruption": "7",
        "--gate-ca-file": __file__, "--gate-allow-loopback": "TRUE",
    }  # fmt: skip
    assert texts.keys() == flags().keys()
    settings = load([f"{flag}={text}" for flag, text in texts.items()], {})
    variables = {"ECHELON" + f[1:].replace("-", "_").upper(): t for f, t in texts.items()}
    assert load([], variables) == settings
    own = load([], {})
    for field in type(settings).model_fields:
        assert getattr(settings, field) != getattr(own, field), field
    assert (settings.gate_ca_file, settings.gate_allow_loopback) == (__file__, True)


def test_the_name_alone_switches_on() -> None:
    assert [load(argv, {}).maintenance for argv in ([], ["--maintenance"])] == [False, True]
    assert not load(["--maintenance", "false"], {"ECHELON_MAINTENANCE": "true"}).maintenance
    assert load(["--maintenance", "--workers=2"], {}).workers == 2


def test_settings_do_not_change() -> None:
    with pytest.raises(ValueError, match="frozen"):
        load([], {}).workers = 2


@pytest.mark.parametrize("columns", ["40", "80", "200"])
def test_help(
    columns: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    with pytest.raises(SystemExit) as ended:
        load(["--help"], {})
    assert ended.value.code == 0
    shown = capsys.readouterr().out
    assert shown == Path(__file__).with_name("help.txt").read_text()
    assert all(flag in shown for flag in flags())
    assert max(map(len, shown.splitlines())) <= 100


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        load(["--version"], {})
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith("echelon-controller ")
