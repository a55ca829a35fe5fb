"""The command ``echelon lint``."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Final

import typer

from controller.cli import options
from controller.cli.exits import CliError, Exit
from controller.cli.lint import check
from controller.cli.lint.documents import Document, read
from controller.cli.lint.findings import Finding, Severity, with_hints
from controller.cli.output import Data, dump, note
from controller.cli.session import Place, Session, run
from controller.escapes import clean

STDIN: Final = "-"
#: What a folder's files end with, as for `kubectl apply -f`.
_ENDINGS: Final = frozenset({".yaml", ".yml", ".json"})


def lint(
    files: Annotated[
        list[str], typer.Argument(metavar="FILE…", help="YAML or JSON; - for stdin; or a folder.")
    ],
    ask_server: Annotated[
        bool,
        typer.Option(
            "--server", help="Also ask the API server, by dry runs of the objects and of a pod."
        ),
    ] = False,
    form: Annotated[
        Data | None,
        typer.Option("-o", "--output", help="json or yaml: a list.", show_default=False),
    ] = None,
    namespace: options.Namespace = None,
    context: options.Context = None,
    kubeconfig: options.Kubeconfig = None,
) -> None:
    """Check manifests of Jobs and Updates, without a cluster.

    Prints FILE:LINE, the field and what to do. Errors are what the API server or the operator would
    refuse; warnings are legal but probably not meant. A field of pods that is in no version of
    Kubernetes that this program knows is a warning, too; with --server the API server is the judge.
    Other kinds are skipped. Exit code 1 if there is an error.
    """
    documents, found = _read(files)
    skipped = [each for each in documents if not check.is_ours(each)]
    for each in skipped:
        what = f"{each.kind} {each.name}".strip() or "no object of Kubernetes"
        note(clean(f"{each.file}:{each.line(())}: {what}: skipped, not a kind of Echelon"))
    found += check.findings(documents)
    unknown = list(check.unknown_fields(documents))
    if ask_server:
        # The API server would only repeat what is wrong already.
        bad = {(each.file, each.object) for each in found if each.severity is Severity.ERROR}
        ask = [each for each in documents if check.is_ours(each)]
        ask = [each for each in ask if (each.file, each.title) not in bad]
        found += with_hints(_asked(Place(kubeconfig, context, namespace), ask), unknown)
        asked = {(each.file, each.title) for each in ask}
        unknown = [each for each in unknown if (each.file, each.object) not in asked]
    found += unknown
    order = {file: index for index, file in enumerate(dict.fromkeys(e.file for e in found))}
    found.sort(key=lambda each: (order[each.file], each.line, each.severity))
    _show(found, form, len(documents) - len(skipped))
    if any(each.severity is Severity.ERROR for each in found):
        raise typer.Exit(Exit.ERROR)


def _read(names: Sequence[str]) -> tuple[list[Document], list[Finding]]:
    """The objects of all files, and what cannot be read. Raises ``CliError``."""
    documents: list[Document] = []
    faults: list[Finding] = []
    for name in names:
        for file, text in _texts(name):
            more, wrong = read(text, file)
            documents += more
            faults += wrong
    return documents, faults


def _texts(name: str) -> Iterator[tuple[str, str]]:
    """The files behind a name with their texts."""
    if name == STDIN:
        yield "stdin", sys.stdin.read()
        return
    path = Path(name)
    found = [path]
    if path.is_dir():
        found = sorted(each for each in path.iterdir() if each.suffix in _ENDINGS)
        if not found:
            raise CliError(
                f"the folder {name} has no .yaml, .yml or .json file",
                "folders in it are not searched; name them, too",
                Exit.USAGE,
            )
    for each in found:
        try:
            yield str(each), each.read_text(encoding="utf-8")
        except UnicodeDecodeError as error:
            raise CliError(f"{each} is not UTF-8 text", code=Exit.USAGE) from error
        except OSError as error:
            raise CliError(
                f"{each} cannot be read: {error.strerror}",
                "name a file, a folder, or - for stdin",
                Exit.USAGE,
            ) from error


def _asked(place: Place, documents: Sequence[Document]) -> list[Finding]:
    # Lint without a cluster is quick: what asks one takes a second to import.
    from controller.cli.lint import server

    async def command(session: Session) -> list[Finding]:
        return [found for each in documents async for found in server.findings(session, each)]

    return run(place, command)


def _show(found: Sequence[Finding], form: Data | None, checked: int) -> None:
    if form is not None:
        dump([asdict(each) | {"severity": each.severity.value} for each in found], form)
    else:
        for each in found:
            print(clean(str(each)))
    errors = sum(each.severity is Severity.ERROR for each in found)
    result = f"{_counted(errors, 'error')}, {_counted(len(found) - errors, 'warning')}"
    note(f"{_counted(checked, 'object')} checked: {result}")


def _counted(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"
