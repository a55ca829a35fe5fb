"""Strategic merge patches of pod templates: what the API server makes of
``PATCH application/strategic-merge-patch+json``, without the API server.

Objects are merged key by key; null deletes a key. A list is merged if the table of merge keys says
so (`merge_keys`), else it is replaced. Directives of a patch:

- ``$patch: replace`` in an object replaces it, ``$patch: delete`` empties it. In an item of a
  merged list they replace the list by the other items, and delete the item with that key.
- ``$retainKeys: […]`` deletes all other keys of the object.
- ``$deleteFromPrimitiveList/<field>: […]`` deletes these items from a list of strings or numbers.
- ``$setElementOrder/<field>: […]`` orders a list (`order`).

The API server merges the object that it stores, so the template counts as it would be stored: an
empty list or map is an absent one, and an object that the API server always stores (``resources``
of a container) is there. A value without counterpart in the template is taken without its nulls and
without its parts that have a ``$patch``. A directive that the API server does not read there is
dropped, as the API server drops an unknown field.

Rules: k8s.io/apimachinery/pkg/util/strategicpatch. Where its order is that of a Go map, which is
random, ``$deleteFromPrimitiveList`` comes first here.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any, Final

from controller.core.overlays import lists
from controller.core.overlays.fields import UNKNOWN, Field, MapOf
from controller.core.overlays.merge_keys import DEFINITIONS, ROOT
from controller.core.overlays.problem import PatchError, below

Object = dict[str, Any]

_RETAIN: Final = "$retainKeys"
_DELETE: Final = "$deleteFromPrimitiveList"
_ORDER: Final = "$setElementOrder"
#: What a null is that stays in a map with free keys.
_NULL: Final = {"strings": "", "quantities": "0"}


def merge(template: Object, patch: Object) -> Object:
    """The template with the patch applied; neither is changed. Null fields are absent. Raises
    ``PatchError`` where the API server refuses the patch; it does not judge the result."""
    made: Object = _stored(_merged(_stored(template, ROOT), deepcopy(patch), ROOT, ""), ROOT)
    return made


def _merged(old: Object, patch: Object, type_: str, path: str) -> Object:
    """``old`` merged with ``patch``; both are consumed. ``type_``: their definition."""
    if lists.DIRECTIVE in patch:
        return _replaced(patch, path)
    fields = DEFINITIONS.get(type_, {})
    _as_stored(old, patch, fields)
    _retain(old, patch, path)
    for key in [key for key in patch if key.startswith(_ORDER)]:
        _reorder(old, patch, key, fields, path)
    for key in sorted(patch):
        value, deletes = patch[key], key.startswith(_DELETE)
        name = _name(key, _DELETE, path) if deletes else key
        field, where = fields.get(name, UNKNOWN), below(path, name)
        if value is None:
            old.pop(name, None)
        elif name not in old or type(old[name]) is not type(value):
            if not deletes:
                _take(old, name, value)
        elif isinstance(value, dict):
            old[name] = _merged(old[name], value, field.type, where)
        elif isinstance(value, list):
            old[name] = _merged_list(old[name], value, field, where, deletes=deletes)
        else:
            old[name] = value
    return old


def _replaced(patch: Object, path: str) -> Object:
    directive = patch.pop(lists.DIRECTIVE)
    if directive == "replace":
        return patch
    if directive == "delete":
        return {}
    raise PatchError(below(path, lists.DIRECTIVE), "must be replace or delete in an object")


def _as_stored(old: Object, patch: Object, fields: Mapping[str, Field]) -> None:
    """Give the fields that a patch names the form in which the API server stores them."""
    for key in patch:
        name = key.partition("/")[2] if key.startswith((_DELETE, _ORDER)) else key
        field = fields.get(name, UNKNOWN)
        if old.get(name) == [] or (field.map_of and old.get(name) == {}):
            del old[name]
        if field.present and old.get(name) is None:
            old[name] = {}


def _retain(old: Object, patch: Object, path: str) -> None:
    if _RETAIN not in patch:
        return
    where, names = below(path, _RETAIN), patch.pop(_RETAIN)
    if not isinstance(names, list):
        raise PatchError(where, "must be a list of keys")
    for key, value in patch.items():
        if value is not None and not key.startswith((_DELETE, _ORDER)) and key not in names:
            raise PatchError(where, f"must name {key}, which the patch sets")
    for key in [key for key in old if key not in names]:
        del old[key]


def _name(key: str, prefix: str, path: str) -> str:
    """The field that a directive such as ``$setElementOrder/env`` is about."""
    head, slash, name = key.partition("/")
    if head != prefix or not slash:
        raise PatchError(below(path, key), f"must be written {prefix}/<field>")
    return name


def _take(old: Object, name: str, value: Any) -> None:
    """Set a field that has no counterpart to merge with."""
    taken = lists.without_directives(_without_nulls(value))
    if taken is lists.DROPPED:
        old.pop(name, None)
    else:
        old[name] = taken


def _merged_list(
    old: list[Any], new: list[Any], field: Field, path: str, *, deletes: bool = False
) -> list[Any]:
    if not (field.merged or deletes):
        return new
    if lists.of_objects(old, new, path):
        return _merged_objects(old, new, field, path).in_order(field.key, path)
    if deletes:
        return [value for value in old if value not in new]
    return lists.Merged(lists.distinct([*old, *new]), new, old).in_order("", path)


def _merged_objects(old: list[Any], new: list[Any], field: Field, path: str) -> lists.Merged:
    if not field.key:
        raise PatchError(path, "the objects of this list have no merge key, so it is replaced only")
    kept, given = lists.without_special_items(old, new, field.key, path)
    made = list(kept)
    places = lists.places(made, field.key, path)
    for item in given:
        key = lists.identity(item, field.key, path)
        if key in places:
            at, where = places[key], f"{path}[{item[field.key]}]"
            made[at] = _merged(made[at], item, field.type, where)
        else:
            places[key] = len(made)
            made.append(item)
    return lists.Merged(made, given, kept)


def _reorder(old: Object, patch: Object, key: str, fields: Mapping[str, Field], path: str) -> None:
    """Merge and order the list that ``$setElementOrder/<field>`` is about."""
    order, name, where = patch.pop(key), _name(key, _ORDER, path), below(path, key)
    field = fields.get(name, UNKNOWN)
    lists.check_order(patch.get(name, []), old.get(name, []), order, field.key, where)
    if name not in old and name not in patch:
        return
    before, given = old.get(name, []), patch.pop(name, None)
    if not before and not given:
        raise PatchError(where, "there is no item to order")
    if given is None:
        made = lists.Merged(before, order, before)
    elif name not in old:
        made = lists.Merged(lists.without_directives(given), order, [])
    elif field.key:
        merged = _merged_objects(before, given, field, below(path, name))
        # The API server merges in place: new items count as if they had been there before, as far
        # as there was room for them after those that the patch deletes.
        in_place = before if lists.replaces(given) else merged.items[: len(before)]
        made = lists.Merged(merged.in_order(field.key, where), order, in_place)
    else:
        made = lists.Merged(_merged_list(before, given, field, where), order, before)
    old[name] = made.in_order(field.key, where)


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(each) for key, each in value.items() if each is not None}
    return [_without_nulls(each) for each in value] if isinstance(value, list) else value


def _stored(value: Any, type_: str, map_of: MapOf = "") -> Any:
    """The value as the API server stores it: without nulls and directives. In a map with free keys
    a directive is a key, and null an empty value."""
    if isinstance(value, list):
        return [_stored(each, type_) for each in value]
    if not isinstance(value, dict):
        return value
    if map_of:
        null = _NULL[map_of]
        return {key: null if each is None else _stored(each, "") for key, each in value.items()}
    fields, made = DEFINITIONS.get(type_, {}), {}
    for key, each in value.items():
        directive = key in (lists.DIRECTIVE, _RETAIN) or key.startswith((_DELETE, _ORDER))
        if each is not None and not directive:
            field = fields.get(key, UNKNOWN)
            made[key] = _stored(each, field.type, field.map_of)
    return made
