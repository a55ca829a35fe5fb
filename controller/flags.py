"""Flags of a program, each of which is also an environment variable, read by pydantic-settings.

`Program.load` returns the settings, or ends the process as command line tools do: ``--help`` and
``--version`` with status 0, an error with status 2 and a message that names the flag and says what
would be right.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, NoReturn, TypeVar

from pydantic import Field, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    InitSettingsSource,
    SettingsConfigDict,
)


class Flags(BaseSettings):
    """The base of settings. Values are text that `setting_types` reads, not JSON."""

    model_config = SettingsConfigDict(
        frozen=True,
        case_sensitive=True,
        enable_decoding=False,
        validate_default=False,
    )


S = TypeVar("S", bound=Flags)


def flag(prefix: str, name: str, group: str, metavar: str, default: object, help: str) -> Any:
    """A setting. ``prefix``: of its variable, ``name``: the flag without dashes, ``group``: its
    section in --help."""
    return Field(
        default,
        validation_alias=prefix + name.upper().replace("-", "_"),
        description=help,
        json_schema_extra={"group": group, "metavar": metavar, "flag": f"--{name}"},
    )


@dataclass(frozen=True, slots=True)
class Program(Generic[S]):
    """``groups``: the sections of --help, in their order."""

    name: str
    settings: type[S]
    groups: Sequence[str]
    description: str
    epilog: str
    version: str

    def flags(self) -> dict[str, FieldInfo]:
        """Every setting by its flag, as ``--log-format``."""
        return {_spelled(field): field for field in self.settings.model_fields.values()}

    def load(self, argv: Sequence[str], environ: Mapping[str, str]) -> S:
        """The settings of a command line (without the program's name) and its environment."""
        parser = self._parser()
        parsed = vars(parser.parse_args(argv))
        # A flag for several values may be repeated; of other repeated flags the last counts.
        given = {v: text if isinstance(text, str) else ",".join(text) for v, text in parsed.items()}
        variables = EnvSettingsSource(self.settings)
        # An empty variable counts as absent.
        variables.env_vars = {name: text for name, text in environ.items() if text}
        sources = (InitSettingsSource(self.settings, given), variables)
        spelled = {str(field.validation_alias): name for name, field in self.flags().items()}
        try:
            return self.settings(_build_sources=(sources, {}))
        except ValidationError as error:
            wrong = error.errors()[0]
            source = [spelled[str(v)] if v in given else str(v) for v in wrong["loc"][:1]]
            parser.error(": ".join([*source, str(wrong["ctx"]["error"])]))

    def _parser(self) -> argparse.ArgumentParser:
        parser = _Parser(
            prog=self.name,
            usage=f"{self.name} [flags]",
            description=self.description,
            epilog=self.epilog,
            formatter_class=lambda prog: _Help(prog, max_help_position=44, width=100),
            add_help=False,
            allow_abbrev=False,
            argument_default=argparse.SUPPRESS,
        )
        groups = {title: parser.add_argument_group(title) for title in self.groups}
        for flag, field in self.flags().items():
            shown: Any = field.json_schema_extra
            several = isinstance(field.default, tuple)
            # The name alone switches something on.
            alone: Any = {"nargs": "?", "const": "true"} if isinstance(field.default, bool) else {}
            groups[shown["group"]].add_argument(
                flag,
                metavar=shown["metavar"],
                dest=str(field.validation_alias),
                action="append" if several else "store",
                help=f"{field.description}{_shown(field.default)}".replace("%", "%%"),
                **alone,
            )
        rest = parser.add_argument_group("about")
        rest.add_argument("-h", "--help", action="help", help="show this and end")
        rest.add_argument(
            "--version",
            action="version",
            version=f"{self.name} {self.version}",
            help="show the version and end",
        )
        return parser


def _spelled(field: FieldInfo) -> str:
    """The flag of a setting."""
    shown: Any = field.json_schema_extra
    return str(shown["flag"])


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        message = message.replace("unrecognized arguments:", "no such flag:")
        print(f"{self.prog}: {message}\nTry {self.prog} --help.", file=sys.stderr)
        raise SystemExit(2)


def _shown(default: Any) -> str:
    """A default in the form in which --help shows it."""
    if isinstance(default, bool):
        return f" ({default})".lower()
    if isinstance(default, float):
        return f" ({default:g})"
    return f" ({default})" if default and not isinstance(default, tuple) else ""


class _Help(argparse.HelpFormatter):
    """A help format that wraps the description and keeps the lines of the epilog."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return text if "\n" in text else super()._fill_text(text, width, indent)
