"""`echelon` as a whole: what each verb says if the cluster cannot be used, completion, version."""

from __future__ import annotations

import json
import shlex
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from controller.cli import completion, main
from controller.cli.exits import CliError, Exit
from hack.cli_examples import EXAMPLES
from hack.devcluster.ports import free

ROOT = Path(__file__).parents[3]
#: Commands that need no cluster, or (`ui`) that serve until they are stopped.
OFFLINE = ("completion", "lint", "ui")
COMMAND = typer.main.get_command(main.app)
VERBS = [words for words in EXAMPLES if words not in OFFLINE]


class _Answers(BaseHTTPRequestHandler):
    """Answers every request as the server says, those without `ours` in their path with an empty
    list."""

    protocol_version = "HTTP/1.1"

    def _answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        code, kind, body, ours = self.server.answer  # type: ignore[attr-defined]
        if ours not in self.path:
            code, kind, body = 200, "application/json", b'{"metadata": {}, "items": []}'
        self.send_response(code)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        with suppress(ConnectionError):  # A program that has ended reads no more.
            self.wfile.write(body)

    do_GET = do_POST = do_PATCH = do_DELETE = do_PUT = _answer  # noqa: N815

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def server(code: int, body: object, ours: str = "/") -> Iterator[str]:
    """An API server that answers this to requests with `ours` in their path: text, or JSON."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Answers) as serving:
        text = body if isinstance(body, str) else json.dumps(body)
        kind = "text/plain; charset=utf-8" if isinstance(body, str) else "application/json"
        serving.answer = code, kind, text.encode(), ours  # type: ignore[attr-defined]
        threading.Thread(target=serving.serve_forever, args=(0.05,), daemon=True).start()
        yield f"http://127.0.0.1:{serving.server_address[1]}"
        serving.shutdown()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with `web.yaml`, and no other kubeconfig than the test's."""
    (tmp_path / "web.yaml").write_text((ROOT / "examples/webserver.yaml").read_text())
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("KUBECONFIG", raising=False)
    return tmp_path


def kubeconfig(folder: Path, url: str) -> str:
    context = {"cluster": "c", "user": "u", "namespace": "shop"}
    config = {
        "clusters": [{"name": "c", "cluster": {"server": url}}],
        "users": [{"name": "u", "user": {}}],
        "contexts": [{"name": "here", "context": context}],
        "current-context": "here",
    }
    path = folder / "config"
    path.write_text(json.dumps(config))
    return str(path)


def ended(words: list[str]) -> CliError:
    """The error with which a command ends."""
    with pytest.raises(CliError) as error:
        COMMAND.main(words, standalone_mode=False)
    return error.value


def example(words: str, *more: str) -> list[str]:
    """The example of a verb, with further flags."""
    (call, *_) = (line for line in EXAMPLES[words] if line.startswith("echelon "))
    return [*shlex.split(call)[1:], *more]


def failed(verb: str) -> Exit:
    """The exit code of an error: 1 of `job diff` says that there is a difference."""
    return Exit.USAGE if verb == "job diff" else Exit.ERROR


@pytest.mark.parametrize("verb", VERBS)
def test_an_api_server_that_is_down(verb: str, folder: Path) -> None:
    (port,) = free(1)
    config = kubeconfig(folder, f"http://127.0.0.1:{port}")
    error = ended(example(verb, "--kubeconfig", config))
    assert "does not answer" in error.message
    assert "kubectl" in error.hint
    assert error.code is failed(verb)


@pytest.mark.parametrize("verb", [verb for verb in VERBS if verb != "version"])
def test_a_cluster_without_our_kinds(verb: str, folder: Path) -> None:
    # What a real API server answers for a group that it does not know.
    with server(404, "404 page not found\n", "/apis/echelon.dev/") as url:
        error = ended(example(verb, "--kubeconfig", kubeconfig(folder, url)))
    assert "Echelon is not installed" in error.message
    assert "helm install" in error.hint
    assert error.code is failed(verb)


@pytest.mark.parametrize("verb", VERBS)
def test_credentials_that_have_expired(verb: str, folder: Path) -> None:
    with server(401, {"kind": "Status", "reason": "Unauthorized", "code": 401}) as url:
        error = ended(example(verb, "--kubeconfig", kubeconfig(folder, url)))
    assert "credentials" in error.message
    assert "log in" in error.hint


@pytest.mark.parametrize("verb", [verb for verb in VERBS if verb != "version"])
def test_a_user_without_rights(verb: str, folder: Path) -> None:
    words = 'echelonjobs.echelon.dev is forbidden: User "jane" cannot list resource'
    status = {"kind": "Status", "reason": "Forbidden", "code": 403, "message": words}
    with server(403, status) as url:
        error = ended(example(verb, "--kubeconfig", kubeconfig(folder, url)))
    assert "jane" in error.message
    assert "kubectl auth can-i" in error.hint


def test_no_kubeconfig(folder: Path) -> None:
    error = ended(["job", "list"])
    assert f"{folder}/.kube/config does not exist" in error.message
    assert "--kubeconfig" in error.hint


def test_an_unknown_context(folder: Path) -> None:
    config = kubeconfig(folder, "http://127.0.0.1:1")
    error = ended(["job", "list", "--kubeconfig", config, "--context", "nowhere"])
    assert error.message == "the kubeconfig has no context nowhere"
    assert "kubectl config get-contexts" in error.hint


def test_an_error_and_its_hint_are_on_stderr(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert folder
    monkeypatch.setattr("sys.argv", ["/usr/bin/echelon", "job", "list"])
    with pytest.raises(SystemExit) as end:
        main.main()
    said = capsys.readouterr()
    assert end.value.code == Exit.ERROR
    assert said.out == ""
    assert said.err.startswith("error: ")
    assert "\nhint:  " in said.err
    assert "Traceback" not in said.err


@pytest.mark.parametrize("words", [["job", "list", "--nope"], ["job", "get"]])
def test_wrong_usage(words: list[str]) -> None:
    assert CliRunner().invoke(main.app, words).exit_code == Exit.USAGE


@pytest.mark.parametrize(
    ("program", "name"), [("echelon", "echelon"), ("kubectl-echelon", "kubectl echelon")]
)
def test_help_names_the_program_as_the_user_calls_it(
    program: str,
    name: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sys.argv", [f"/usr/local/bin/{program}", "job", "-h"])
    with pytest.raises(SystemExit):
        main.main()
    assert f"Usage: {name} job " in capsys.readouterr().out


# Completion.


@pytest.mark.parametrize("shell", completion.Shell)
def test_a_completion_script(shell: str) -> None:
    done = CliRunner().invoke(main.app, ["completion", shell])
    assert done.exit_code == 0
    assert completion.VARIABLE in done.output


def completed(
    words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> list[str]:
    """What kubectl is told when the user presses Tab after these words."""
    monkeypatch.setattr("sys.argv", ["kubectl_complete-echelon", *words])
    for name in (completion.VARIABLE, "_TYPER_COMPLETE_FISH_ACTION", "_TYPER_COMPLETE_ARGS"):
        monkeypatch.setenv(name, "")
    completion.kubectl_plugin()
    return capsys.readouterr().out.splitlines()


def test_kubectl_completes_verbs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    said = completed(["update", "re"], monkeypatch, capsys)
    assert [line.partition("\t")[0] for line in said] == ["resume", "retry", ":4"]


def test_kubectl_completes_files_of_lint(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert completed(["lint", ""], monkeypatch, capsys)[-1] == ":0"


def test_words_are_completed_in_groups_and_in_commands(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    said = completed(["job", "list", "--al"], monkeypatch, capsys)
    assert said[0].split("\t")[0] == "--all-namespaces"


def names(params: dict[str, Any], incomplete: str = "") -> list[str]:
    context = typer.Context(COMMAND)
    context.params = params
    return completion.job_names(context, incomplete)


def test_names_are_those_of_the_cluster(folder: Path) -> None:
    items = [{"metadata": {"name": name}} for name in ("web", "api", "web-2")]
    with server(200, {"metadata": {}, "items": items}) as url:
        assert names({"kubeconfig": kubeconfig(folder, url)}, "we") == ["web", "web-2"]


def test_a_completion_without_a_cluster_is_silent(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert folder
    assert names({}) == []
    assert capsys.readouterr().err == ""
