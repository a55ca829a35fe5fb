"""Imports all commands of ``echelon``, for the process that starts them by a fork."""

from hack import cli_doc

COMMANDS = dict(cli_doc.commands())
