"""Finds and builds programs; no large program is built."""

from __future__ import annotations

from pathlib import Path

import pytest

from hack.devcluster import build


@pytest.fixture(autouse=True)
def _forget() -> None:
    build._go_version.cache_clear()
    build._digest.cache_clear()


def test_given_assets_come_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = tmp_path / "etcd"
    given.touch(mode=0o755)
    built = build.binary("kube-scheduler")
    monkeypatch.setenv("KUBEBUILDER_ASSETS", str(tmp_path))
    assert build.binary("etcd") == given
    assert build.binary("kube-scheduler") == built


def test_the_cache_is_chosen_by_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ECHELON_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", "/x")
    assert build.cache_dir() == Path("/x/echelon")
    monkeypatch.setenv("ECHELON_CACHE", "/e")
    assert build.cache_dir() == Path("/e")


def test_no_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(build.BuildError, match=r"Install Go 1\.26"):
        build.binary("etcd")


def test_a_go_too_old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    go = tmp_path / "go"
    go.write_text("#!/bin/sh\necho 'go.mod requires go >= 1.26.0 (running go 1.22)' >&2; exit 1\n")
    go.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    with pytest.raises(build.BuildError, match=r"Go 1\.26\.0 or newer is needed.*running go 1\.22"):
        build.binary("etcd")


def test_a_failed_build_says_why_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ECHELON_CACHE", str(tmp_path))
    broken = build.Unit("broken", "./cmd/nowhere")
    monkeypatch.setitem(build.PROGRAMS, "broken", broken)
    with pytest.raises(build.BuildError, match=r"broken failed:\n.*nowhere"):
        build.binary("broken")
    assert [path.suffix for path in tmp_path.iterdir()] == [".lock"]


def test_a_program_is_built_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ECHELON_CACHE", str(tmp_path))
    runs = []

    def go_build(unit: build.Unit, out: Path) -> None:
        runs.append(unit.name)
        out.touch(mode=0o755)

    monkeypatch.setattr(build, "_go_build", go_build)
    paths = [build.binary(name) for name in ("kube-apiserver", "kube-scheduler", "kube-apiserver")]
    assert runs == ["kube"]
    assert all(path.resolve().name == "kube" for path in paths)
