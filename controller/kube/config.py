"""The address of the API server and the credentials of this process.

``connect()`` looks in the same places as kubectl (``KUBECONFIG``, ``~/.kube/config``, then the
service account of the pod). Tokens are read again at least every minute, and at once after a 401.
Exec plugins run again when their credentials have expired. Client certificates are read once.
"""

from __future__ import annotations

import asyncio
import os
import ssl
import threading
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml
from kubernetes.aio import config
from kubernetes.aio.client import Configuration
from kubernetes.aio.config import kube_config

#: Seconds after which a token is read again, because service account tokens are rotated.
TOKEN_MAX_AGE = 60.0
#: Where a pod finds its token and the name of its namespace.
SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")

#: Held while a kubeconfig is loaded: each kopf has a thread of its own.
_LOADING = threading.Lock()

# The package has no annotations.
_load: Any = config
_files: Any = kube_config

#: The exceptions that the loaders raise for missing, unreadable or malformed files.
_UNUSABLE = (
    config.ConfigException,
    yaml.YAMLError,
    OSError,
    ValueError,
    TypeError,
    KeyError,
    AttributeError,
)


class ConfigError(Exception):
    """There is no usable configuration; the message says where it was searched."""


class Credentials:
    """Keeps the ``Authorization`` header up to date.

    ``fetch(force)`` returns the present value of the header; ``force``: the old one was refused.
    """

    def __init__(
        self,
        fetch: Callable[[bool], Awaitable[str | None]],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._fetch = fetch
        self._clock = clock
        self._headers: dict[str, str] = {}
        self._until = float("-inf")
        self._force = False
        self._lock = asyncio.Lock()

    async def headers(self) -> dict[str, str]:
        """Headers to send with a request; cached for ``TOKEN_MAX_AGE`` seconds."""
        if self._clock() < self._until:
            return self._headers
        async with self._lock:
            if self._clock() >= self._until:
                try:
                    value = await self._fetch(self._force)
                except _UNUSABLE as error:
                    raise ConfigError(f"no credentials: {error}") from error
                self._headers = {"Authorization": value} if value else {}
                self._until = self._clock() + TOKEN_MAX_AGE
                self._force = False
        return self._headers

    def invalidate(self, refused: dict[str, str]) -> None:
        """The server refused these headers: fetch new ones, unless that has happened already."""
        if refused == self._headers:
            self._until = float("-inf")
            self._force = True


async def _anonymous(_force: bool) -> str | None:
    return None


@dataclass(frozen=True, slots=True)
class Connection:
    """One API server. ``ssl_context`` is None for plain HTTP."""

    server: str
    ssl_context: ssl.SSLContext | None = None
    credentials: Credentials = field(default_factory=lambda: Credentials(_anonymous))
    proxy: str | None = None
    #: Name to verify in the server's certificate, when it is not that of the URL.
    server_hostname: str | None = None
    #: The namespace that the kubeconfig names for this context, or that of the pod.
    namespace: str = "default"
    #: The name of the context in the kubeconfig; "" in a pod.
    context: str = ""
    #: As ``ssl_context``, but without a client certificate.
    bare_ssl_context: ssl.SSLContext | None = None

    def with_token(self, token: str) -> Connection:
        """The same API server for the bearer of a token. The own credentials stay behind, and so
        does a client certificate, which the API server would believe before the token."""

        async def fetch(_force: bool) -> str | None:
            return f"Bearer {token}"

        return replace(self, credentials=Credentials(fetch), ssl_context=self.bare_ssl_context)


async def connect(path: str | None = None, context: str | None = None) -> Connection:
    """The connection that kubectl would use here. ``path``: of the kubeconfig, instead of the one
    kubectl would find; ``context``: instead of the current one. Raises ``ConfigError``."""
    paths = path or os.environ.get("KUBECONFIG") or str(Path.home() / ".kube" / "config")
    found = _any_exists(paths)
    in_pod = os.environ.get("KUBERNETES_SERVICE_HOST") and not os.environ.get("KUBECONFIG")
    try:
        if found:
            return await _from_kubeconfig(paths, context)
        if in_pod and path is None and context is None:
            return _from_service_account()
    except _UNUSABLE as error:
        source = paths if found else "the pod's service account"
        raise ConfigError(f"cannot use {source}: {error}") from error
    raise ConfigError(
        f"no cluster to connect to: {paths} does not exist and this is not a pod; "
        "set KUBECONFIG to a kubeconfig file"
    )


def _any_exists(paths: str) -> bool:
    return any(Path(path).expanduser().exists() for path in paths.split(os.pathsep) if path)


async def _from_kubeconfig(paths: str, context: str | None = None) -> Connection:
    # The loader knows its files by what is in them, in one table for all threads.
    while not _LOADING.acquire(blocking=False):  # noqa: ASYNC110 (another thread releases it)
        await asyncio.sleep(0.01)
    try:
        return await _load_kubeconfig(paths, context)
    finally:
        _LOADING.release()


async def _load_kubeconfig(paths: str, context: str | None) -> Connection:
    configuration = _configuration()
    loader: Any = await _load.load_kube_config(
        config_file=paths,
        context=context,
        client_configuration=configuration,
        persist_config=False,
    )

    async def fetch(force: bool) -> str | None:
        # Loading the authentication reads a token file again, and runs an exec plugin if its
        # credential has expired. A credential without an expiry is used until the server refuses
        # it.
        expiring = hasattr(loader, "exec_plugin_expiry")
        is_exec = bool(loader._user) and "exec" in loader._user
        if force and expiring:
            del loader.exec_plugin_expiry
        if force or expiring or not is_exec:
            await loader._load_authentication()
        token: str | None = getattr(loader, "token", None)
        return token

    named = loader.current_context["context"]
    namespace = named.get("namespace")
    context_name = str(loader.current_context["name"])
    connection = _connection(configuration, Credentials(fetch), namespace, context_name)
    # The loader wrote inline keys to files for OpenSSL, which has read them by now.
    _files._cleanup_temp_files()
    return connection


def _from_service_account() -> Connection:
    configuration = _configuration()
    _load.load_incluster_config(client_configuration=configuration)

    async def fetch(force: bool) -> str | None:
        if force:
            _load.load_incluster_config(client_configuration=configuration)
        else:
            configuration.refresh_api_key_hook(configuration)
        return str(configuration.api_key["BearerToken"]).strip()

    namespace = SERVICE_ACCOUNT / "namespace"
    found = namespace.read_text().strip() if namespace.exists() else None
    return _connection(configuration, Credentials(fetch), found)


def _configuration() -> Any:
    # ``Configuration()`` would copy a process-wide default that other code may have set.
    return type.__call__(Configuration)


def _connection(
    configuration: Any, credentials: Credentials, namespace: str | None, context: str = ""
) -> Connection:
    server = str(configuration.host).rstrip("/")
    secure = server.startswith("https")
    return Connection(
        server=server,
        ssl_context=_ssl_context(configuration, configuration.cert_file) if secure else None,
        bare_ssl_context=_ssl_context(configuration, None) if secure else None,
        credentials=credentials,
        proxy=configuration.proxy or None,
        server_hostname=getattr(configuration, "tls_server_name", None) or None,
        namespace=namespace or "default",
        context=context,
    )


def _ssl_context(configuration: Any, certificate: str | None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=configuration.ssl_ca_cert)
    # Python 3.13 requires extensions that Go does not require and that many cluster CAs lack.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    if certificate:
        context.load_cert_chain(certificate, keyfile=configuration.key_file)
    if not configuration.verify_ssl:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
