"""How Jobs, Updates and instances are named."""

from __future__ import annotations

import pytest

from controller.cli.exits import CliError, Exit
from controller.cli.keys import JobKey, job_key, update_name


@pytest.mark.parametrize(
    ("text", "name", "instances"),
    [
        ("web", "web", None),
        ("web/3", "web", "3"),
        ("web/0-3,7", "web", "0-3,7"),
        ("ejob/web", "web", None),
        ("echelonjob/web/0", "web", "0"),
        ("echelonjobs/web", "web", None),
        ("echelonjob.echelon.dev/web", "web", None),
        ("echelonjobs.echelon.dev/web", "web", None),
        ("update/3", "update", "3"),
        ("Web", "Web", None),
    ],
)
def test_jobs(text: str, name: str, instances: str | None) -> None:
    key = job_key(text)
    assert key.name == name
    assert (None if key.instances is None else str(key.instances)) == instances
    assert str(key) == (name if instances is None else f"{name}/{instances}")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no Job is named"),
        ("/3", "no Job is named"),
        ("web/", "names no instance"),
        ("web/x", "instances of web"),
        ("web/3-1", "ids must ascend"),
        ("web/10000", "the highest instance id is 9999"),
        ("web/1, 2", "no spaces"),
        ("?", "'?' cannot be the name of a Job"),
        (".", "cannot be the name of a Job"),
        ("..", "cannot be the name of a Job"),
        ("../0", "cannot be the name of a Job"),
        ("we b", "cannot be the name of a Job"),
        ("web%2f0", "cannot be the name of a Job"),
        ("web\r\nX: y", "cannot be the name of a Job"),
        ("wéb", "cannot be the name of a Job"),
        ("web\n", "cannot be the name of a Job"),
        ("eup/web-g1", "eup/web-g1 is an Update, and this is for a Job"),
    ],
)
def test_nonsense_is_an_error_of_usage(text: str, words: str) -> None:
    with pytest.raises(CliError) as caught:
        job_key(text)
    assert words in caught.value.message
    assert caught.value.code is Exit.USAGE


@pytest.mark.parametrize(
    "prefix",
    ["", "eup/", "update/", "updates/", "update.echelon.dev/", "updates.echelon.dev/"],
)
def test_updates(prefix: str) -> None:
    assert update_name(f"{prefix}web-g4") == "web-g4"


@pytest.mark.parametrize("name", ["", "?", "..", "a/status", "web-g4?x=1"])
def test_what_cannot_be_an_update(name: str) -> None:
    with pytest.raises(CliError, match="cannot be the name of an Update") as caught:
        update_name(f"eup/{name}")
    assert caught.value.code is Exit.USAGE


def test_a_key_without_instances_means_all() -> None:
    assert JobKey("web").instances is None


def test_a_namespace_before_the_name_is_written_with_a_flag() -> None:
    with pytest.raises(CliError) as caught:
        job_key("team-a/shop")
    assert "`shop -n team-a`" in caught.value.hint
    with pytest.raises(CliError) as caught:
        job_key("web/3-1")
    assert "namespace" not in caught.value.hint
