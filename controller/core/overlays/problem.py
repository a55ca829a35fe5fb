"""What is wrong with a patch or an overlay, and where."""

from __future__ import annotations

from typing import Final

#: Reasons by which overlays and constraints are refused. A constraint that the template has already
#: is a fault of both; the API server would not see each such fault.
INVALID: Final = "InvalidOverlay"
TOO_MANY: Final = "TooManyCombinations"
INVALID_TEMPLATE: Final = "InvalidTemplate"


class PatchError(ValueError):
    """A patch that cannot be applied. ``path``: the field, such as ``spec.containers[web].env``; ""
    for the patch as a whole."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(f"{path}: {message}" if path else message)
        self.path = path
        self.message = message


def below(path: str, key: str) -> str:
    """The path of a field of the object at ``path``."""
    if not key or any(letter in key for letter in '.[]"'):
        return f'{path}["{key}"]'
    return f"{path}.{key}" if path else key


class RefusedError(ValueError):
    """Overlays or constraints that are refused; the text is a message for a person. ``reason``: in
    CamelCase, as in a condition."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


def of_overlay(name: str, field: str, message: str, reason: str = INVALID) -> RefusedError:
    """The refusal of an overlay. ``field``: the part of it, such as ``match``; "" for all of it."""
    path = f"spec.overlays[{name}]" + (f".{field}" if field else "")
    return RefusedError(reason, f"{path}: {message}")
