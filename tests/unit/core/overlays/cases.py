"""Random strategic merge patches of pod templates; together they use every rule.

A case is made from its number alone. Most patches are valid, so that something is merged; some
break a rule.
"""

from __future__ import annotations

from copy import deepcopy
from random import Random
from typing import Any

from tests.unit.core.overlays.templates import (
    CONTAINER_LISTS,
    CONTAINER_OBJECTS,
    LISTS,
    NAMES,
    OBJECTS,
    SIDECARS,
    VOLUMES,
    WORDS,
    Items,
    Object,
    container,
    probe,
    random_map,
    sidecar,
    some,
    template,
    volume,
)


def patch(random: Random, old: Object) -> Object:
    """A patch of the template."""
    metadata, spec = old["metadata"], old["spec"]
    made: Object = {"metadata": {}, "spec": {}}
    for field in ("labels", "annotations"):
        if random.random() < 0.5:
            made["metadata"][field] = _map_patch(random, metadata.get(field, {}))
    if random.random() < 0.5:
        names = tuple(f"example.com/{word}" for word in WORDS)
        _strings_patch(random, made["metadata"], "finalizers", metadata, names, merged=True)
    _list_patch(random, made["spec"], "containers", spec, NAMES, container, "name")
    if random.random() < 0.2:
        _list_patch(random, made["spec"], "initContainers", spec, SIDECARS, sidecar, "name")
    if random.random() < 0.5:
        _list_patch(random, made["spec"], "volumes", spec, VOLUMES, volume, "name")
    for field, (keys, make, key) in LISTS.items():
        if random.random() < 0.35:
            _list_patch(random, made["spec"], field, spec, keys, make, key)
    for field, make_value in OBJECTS.items():
        if random.random() < 0.25:
            made["spec"][field] = _object_patch(random, make_value(random), spec.get(field))
    if random.random() < 0.03:
        made[random.choice(("metadata", "spec"))]["$patch"] = random.choice(
            ("replace", "delete", "merge")
        )
    return made


#: Without these an item is refused.
_NEEDED = frozenset({"image", "imagePullPolicy", "restartPolicy", "maxSkew", "whenUnsatisfiable"})


def case(number: int) -> tuple[Object, Object]:
    """The template and the patch of a number."""
    random = Random(number)
    old = template(random)
    return old, patch(random, old)


def _map_patch(random: Random, old: Object) -> Object | None:
    if random.random() < 0.05:
        return None
    made: Object = random_map(random)
    made |= {key: None for key in old if key not in made and random.random() < 0.4}
    return _directed(random, made)


def _object_patch(random: Random, made: Object, old: Object | None) -> Object | None:
    """A patch with some fields of ``made`` and without some fields of ``old``."""
    if random.random() < 0.05:
        return None
    made = {key: value for key, value in deepcopy(made).items() if random.random() < 0.8}
    made |= {key: None for key in old or {} if key not in made and random.random() < 0.6}
    return _directed(random, made)


def _directed(random: Random, made: Object) -> Object:
    """The patch of an object or a map, sometimes with a directive."""
    chance = random.random()
    if chance < 0.1:
        return {**made, "$patch": random.choice(("replace", "replace", "delete"))}
    if chance < 0.2:
        return {**made, "$retainKeys": [*made, *some(random, WORDS)]}
    if chance < 0.205:
        return {**made, "$retainKeys": []}
    if chance < 0.215:
        return {**made, "$patch": random.choice(("merge", "other", 1))}
    return made


def _strings_patch(
    random: Random,
    made: Object,
    field: str,
    owner: Object,
    words: tuple[str, ...],
    *,
    merged: bool = False,
) -> None:
    old, given = owner.get(field, []), some(random, words)
    if random.random() < 0.7:
        made[field] = given
    if random.random() < 0.4 and (merged or field not in made):
        # What a patch adds and deletes at once is added or not, by chance.
        gone = [word for word in words if word not in made.get(field, ())]
        made[f"$deleteFromPrimitiveList/{field}"] = gone[: random.randint(0, 3)]
    if (old or field in made) and random.random() < 0.4:
        order = [*made.get(field, ()), *(word for word in old if word not in made.get(field, ()))]
        made[f"$setElementOrder/{field}"] = _disturbed(random, order)


def _disturbed(random: Random, order: list[Any]) -> list[Any]:
    """Mostly the order itself, sometimes incomplete, shuffled or empty."""
    chance = random.random()
    if chance < 0.15:
        return [item for item in order if random.random() < 0.7]
    if chance < 0.2:
        return random.sample(order, len(order))
    return [] if chance < 0.25 else order


def _list_patch(
    random: Random,
    made: Object,
    field: str,
    owner: Object,
    keys: tuple[Any, ...],
    make: Items,
    key: str,
) -> None:
    """Add a patch of a list of objects to ``made``."""
    old = owner.get(field, [])
    if random.random() < 0.02:
        made[field] = random.choice((None, []))
        return
    known = {item[key]: item for item in old} if key else {}
    items = [_item_patch(random, make, name, known.get(name), key) for name in some(random, keys)]
    if key and random.random() < 0.06:
        items.append({"$patch": random.choice((*["replace"] * 5, "merge"))})
    if items and random.random() < 0.04:
        items.append(deepcopy(random.choice(items)))
    if items and random.random() < 0.02:
        items[0].pop(key, None)
    made[field] = items
    if key and (old or items) and random.random() < 0.4:
        named = [item[key] for item in items if key in item and item.get("$patch") != "delete"]
        others = [name for name in known if name not in named]
        order = [{key: name} for name in [*named, *others]]
        if random.random() < 0.5:
            order = [{key: name} for name in _mixed(random, named, others)]
        made[f"$setElementOrder/{field}"] = _disturbed(random, order)
        if old and random.random() < 0.1:
            del made[field]


def _mixed(random: Random, one: list[Any], other: list[Any]) -> list[Any]:
    """Both lists, each in its order."""
    marks = random.sample([True] * len(one) + [False] * len(other), len(one) + len(other))
    left, right = iter(one), iter(other)
    return [next(left) if mark else next(right) for mark in marks]


def _item_patch(random: Random, make: Items, name: Any, old: Object | None, key: str) -> Object:
    item = make(random, name)
    if not key:
        return item
    if random.random() < 0.1:
        return {key: name, "$patch": "delete"}
    if make in (container, sidecar):
        _inner_patches(random, item, old or {})
    if old is None:
        return item
    kept = {k: v for k, v in item.items() if k == key or random.random() < 0.7}
    if make is volume:
        # Two sources at once are refused: the old one goes, by null or by $retainKeys.
        if random.random() < 0.5:
            return {**item, "$retainKeys": list(item)}
        return {**item, **{k: None for k in old if k not in item}}
    patched = {k.rpartition("/")[2] for k in kept}
    gone = [k for k in old if k not in patched and k not in _NEEDED]
    return {**kept, **{k: None for k in gone if random.random() < 0.3}}


def _inner_patches(random: Random, item: Object, old: Object) -> None:
    """Turn the lists and objects of a container into patches of them."""
    for field, (keys, make, key) in CONTAINER_LISTS.items():
        if item.pop(field, None) is not None:
            _list_patch(random, item, field, old, keys, make, key)
    for field, make_value in CONTAINER_OBJECTS.items():
        if item.pop(field, None) is not None:
            value = make_value(random)
            if make_value is probe and random.random() < 0.8:
                # Two ways to probe at once are refused: the patch names what it keeps.
                keeps: Object = {"$retainKeys": list(value)}
                item[field] = {**value, **random.choice((keeps, {"$patch": "replace"}))}
            else:
                item[field] = _object_patch(random, value, old.get(field))
    if item.pop("args", None) is not None:
        _strings_patch(random, item, "args", old, WORDS)
