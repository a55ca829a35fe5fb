"""The settings of `echelon-ui`, the page as a Deployment: flags and environment variables."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, model_validator
from pydantic.fields import FieldInfo

from controller.flags import Flags, Program, flag
from controller.setting_types import (
    Address,
    ListenAddress,
    Namespaces,
    ReadableFile,
    one_of,
    seconds,
)
from controller.settings import version
from controller.ui.addresses import Served, networks, served
from controller.ui.attempts import Network
from controller.ui.proxies import Headers

PROGRAM: Final = "echelon-ui"
_PREFIX: Final = "ECHELON_UI_"
_HEADER: Final = re.compile(r"[A-Za-z0-9-]{1,100}")
_WHAT, _WHERE, _WHO = "what to show", "how it is served", "who may look"
_PROXY, _OUTPUT = "the proxy in front of it", "what it says of itself"


def _split(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _served(text: str) -> tuple[Served, ...]:
    return tuple(dict.fromkeys(served(part) for part in _split(text)))


def _networks(text: str) -> tuple[Network, ...]:
    return networks(_split(text))


def _header(text: str) -> str:
    if not _HEADER.fullmatch(text):
        raise ValueError(f"{text!r} is not the name of a header")
    return text


HeaderName = Annotated[str, BeforeValidator(_header)]


def _flag(name: str, group: str, metavar: str, default: object, help: str) -> Any:
    return flag(_PREFIX, name, group, metavar, default, help)


class Settings(Flags):
    """The values of all flags and variables. Times are seconds."""

    # fmt: off
    namespaces: Namespaces = _flag(
        "namespace", _WHAT, "NAME", (), "show only this namespace; may be given again (all)")
    place: str = _flag(
        "place", _WHAT, "TEXT", "", "which cluster this is, on top of each page")
    urls: Annotated[tuple[Served, ...], BeforeValidator(_served)] = _flag(
        "url", _WHERE, "URL", (),
        "address in the browser, such as https://echelon.example.com; may be given again "
        "(localhost)")
    address: ListenAddress = _flag(
        "address", _WHERE, "HOST:PORT", Address("127.0.0.1", 8080), "where to listen")
    tls_cert: ReadableFile = _flag(
        "tls-cert", _WHERE, "FILE", "", "certificate (PEM), read again when it changes")
    tls_key: ReadableFile = _flag("tls-key", _WHERE, "FILE", "", "its key")
    auth: Annotated[str, one_of("token", "headers")] = _flag(
        "auth", _WHO, "HOW", "token",
        "token: viewers sign in with a bearer token; headers: a proxy says who they are")
    session: Annotated[float, seconds(60, 604800)] = _flag(
        "session-seconds", _WHO, "S", 28800.0, "when a viewer has to sign in again")
    review: Annotated[float, seconds(1, 600)] = _flag(
        "review-seconds", _WHO, "S", 60.0,
        "how long to believe what the API server says about a viewer")
    proxies: Annotated[tuple[Network, ...], BeforeValidator(_networks)] = _flag(
        "proxy-from", _PROXY, "CIDR", (),
        "where the proxy is; may be given again; with --auth token its X-Forwarded-For counts")
    proxy_secret_file: ReadableFile = _flag(
        "proxy-secret-file", _PROXY, "FILE", "",
        "what the proxy must send in the header X-Echelon-Proxy-Secret; --auth headers needs it "
        "unless the proxy is on this machine or in this pod")
    user_header: HeaderName = _flag(
        "user-header", _PROXY, "NAME", "X-Remote-User", "header with the user")
    group_header: HeaderName = _flag(
        "group-header", _PROXY, "NAME", "X-Remote-Group", "headers with a group each")
    group_separator: str = _flag(
        "group-separator", _PROXY, "TEXT", "", "what stands between several groups in one header")
    user_prefix: str = _flag(
        "user-prefix", _PROXY, "TEXT", "", "what roles have before the name of a user, as oidc:")
    group_prefix: str = _flag(
        "group-prefix", _PROXY, "TEXT", "", "what roles have before the name of a group")
    health_address: ListenAddress = _flag(
        "health-address", _OUTPUT, "HOST:PORT", Address("127.0.0.1", 9096, spare=True),
        "probes, /healthz and /readyz")
    metrics_address: ListenAddress = _flag(
        "metrics-address", _OUTPUT, "HOST:PORT", Address("127.0.0.1", 9095, spare=True),
        "Prometheus metrics, /metrics")
    log_format: Annotated[str, one_of("console", "json")] = _flag(
        "log-format", _OUTPUT, "FORMAT", "console", "console or json")
    log_level: Annotated[str, one_of("debug", "info", "warning", "error")] = _flag(
        "log-level", _OUTPUT, "LEVEL", "info", "debug, info, warning or error")
    # fmt: on

    @model_validator(mode="after")
    def _fit(self) -> Settings:
        if bool(self.tls_cert) != bool(self.tls_key):
            raise ValueError("--tls-cert and --tls-key belong together: give both or none")
        if self.tls_cert and (plain := [url for url in self.urls if not url.is_secure]):
            raise ValueError(f"--url {plain[0]}: with --tls-cert it is https")
        if self.auth == "headers" and not self.proxies:
            raise ValueError(
                "--auth headers needs --proxy-from: else everybody could say who he is"
            )
        wide = [net for net in self.proxies if not net.is_loopback]
        if self.auth == "headers" and wide and not self.proxy_secret_file:
            raise ValueError(
                f"--auth headers with --proxy-from {wide[0]} needs --proxy-secret-file: else "
                "whoever has an address there could say who he is"
            )
        if self.auth == "token" and self.proxy_secret_file:
            raise ValueError("--proxy-secret-file has no effect without --auth headers")
        return self

    @property
    def headers(self) -> Headers:
        return Headers(
            user=self.user_header,
            group=self.group_header,
            separator=self.group_separator,
            user_prefix=self.user_prefix,
            group_prefix=self.group_prefix,
        )


_EPILOG: Final = """\
Each flag is also an environment variable: --log-format is ECHELON_UI_LOG_FORMAT. A flag wins over
its variable. In variables several values have commas between them.

The cluster is found as kubectl finds it: KUBECONFIG, ~/.kube/config, or the pod's own.
An address without a host, as in :8080, is all interfaces; port 0 picks a free one."""

_UI: Final = Program(
    name=PROGRAM,
    settings=Settings,
    groups=(_WHAT, _WHERE, _WHO, _PROXY, _OUTPUT),
    description="Serves the web page of Echelon to many viewers, each of whom sees what he may "
    "see. For yourself alone, `echelon ui` is simpler.",
    epilog=_EPILOG,
    version=version(),
)


def flags() -> dict[str, FieldInfo]:
    """Every setting by its flag, as ``--log-format``."""
    return _UI.flags()


def load(argv: Sequence[str], environ: Mapping[str, str] = os.environ) -> Settings:
    """The settings of a command line (without the program's name) and its environment."""
    return _UI.load(argv, environ)
