"""The Go programs do what the tools do whose libraries they use."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hack.integrations import argocd
from hack.integrations.reader import Reader, ReadError
from hack.integrations.recording import line, read

Object = dict[str, Any]


@pytest.fixture(scope="module")
def lua() -> Iterator[Reader]:
    with Reader("argolua") as made:
        yield made


def returned(lua: Reader, script: str, **obj: Any) -> Any:
    return lua.ask({"script": script, "object": obj})["returned"]


def test_a_script_has_the_libraries_of_argo_cd_and_no_others(lua: Reader) -> None:
    found = returned(lua, "return {type(string), type(math), type(os), type(io), type(table)}")
    assert found == ["nil", "nil", "nil", "nil", "table"]
    safe = returned(lua, 'local os = require("os") return {type(os.date), type(os.execute)}')
    assert safe == ["function", "nil"]
    assert returned(lua, 'require("os") return {type(os)}') == ["nil"]


def test_a_script_that_fails_or_never_ends_is_told(lua: Reader) -> None:
    with pytest.raises(ReadError, match="attempt to index"):
        returned(lua, "return {obj.status.phase}")
    with pytest.raises(ReadError, match="context deadline exceeded"):
        returned(lua, "while true do end")
    with pytest.raises(ReadError, match="no table"):
        returned(lua, "return 1")
    assert returned(lua, "return {obj.n}", n=3) == [3], "it goes on"


def test_an_action_patches_what_it_changes_and_nothing_else(lua: Reader) -> None:
    obj = {
        "spec": {"volumes": [{"name": "a", "emptyDir": {}}], "none": [], "count": 3, "null": None},
        "metadata": {"annotations": {}},
    }
    asked = {"script": "obj.spec.paused = true return obj", "object": obj, "action": True}
    (operation,) = lua.ask(asked)["operations"]
    assert operation["operation"] == "patch"
    assert operation["body"]["spec"].pop("paused") is True
    # Lua has no null: a field that is null is removed, which means the same.
    assert operation["body"] == {"spec": {"null": None}}


def test_an_action_may_create_and_nothing_else_but_patch(lua: Reader) -> None:
    script = 'return {{operation = "create", resource = {kind = "Update"}}}'
    (operation,) = lua.ask({"script": script, "object": {}, "action": True})["operations"]
    assert operation == {"operation": "create", "body": {"kind": "Update"}}
    script = 'return {{operation = "delete", resource = {kind = "Update"}}}'
    with pytest.raises(ReadError, match='"delete" is no operation'):
        lua.ask({"script": script, "object": {}, "action": True})


def test_what_is_no_object_is_told() -> None:
    with Reader("kstatus") as kstatus:
        with pytest.raises(ReadError, match="Kind"):
            kstatus.ask({"status": {}})
        known = {"apiVersion": "example.com/v1", "kind": "It", "metadata": {"name": "it"}}
        assert kstatus.ask(known)["status"] == "Current"


def test_the_snippet_is_as_generated() -> None:
    assert argocd.SNIPPET.read_text(encoding="utf-8") == argocd.snippet()


def test_a_recording_gives_back_what_was_kept(tmp_path: Path) -> None:
    def version(phase: str, status: str) -> Object:
        conditions = [{"type": "Ready", "status": status, "reason": "Why", "message": "…"}]
        return {
            "apiVersion": "echelon.dev/v1alpha1",
            "kind": "Update",
            "metadata": {"name": "web-g2", "generation": 1, "managedFields": [{}]},
            "spec": {"job": "web", "policy": {"gates": [{"name": "g", "builtin": {}}]}},
            "status": {"phase": phase, "conditions": conditions, "history": [{}]},
        }

    versions = [version("Pending", "False"), version("Pending", "False"), version("Failed", "True")]
    path = tmp_path / "recorded.jsonl"
    path.write_text(line("a story", True, versions, ["Update/web-g2"]) + "\n")
    (found,) = read(path)
    assert (found.story, found.healthy, found.present) == ("a story", True, {"Update/web-g2"})
    first, last = found.versions
    assert last["spec"] == versions[-1]["spec"]
    assert [each["status"]["phase"] for each in (first, last)] == ["Pending", "Failed"]
    assert last["status"]["conditions"] == [{"type": "Ready", "status": "True", "reason": "Why"}]
    assert last["metadata"] == {"name": "web-g2", "generation": 1}
