"""What `make check` refuses in documents: conflict markers, dead links, blocks no test runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from hack.docs import (
    CONFIG,
    anchors,
    conflicts,
    dead_links,
    files,
    navigation,
    not_in_navigation,
    problems,
    unrun_blocks,
)

BLOCK = "```sh\nkubectl get ejob\n```\n"


def test_the_tree_has_nothing_to_find_out() -> None:
    assert list(problems(files())) == []
    assert list(not_in_navigation(files(), CONFIG.read_text())) == []


@pytest.mark.parametrize("mark", ["<<<<<<< HEAD", "||||||| base", "=======", ">>>>>>> main"])
def test_conflict_markers_are_refused(mark: str) -> None:
    assert list(conflicts(f"good\n{mark}\ngood\n")) == ["2: a conflict marker"]


def test_a_rule_of_a_table_is_no_conflict_marker() -> None:
    assert list(conflicts("========\n<<<<<<<<\n  <<<<<<< HEAD\n")) == []


@pytest.mark.parametrize("link", ["gone.md", "there.md#gone", "#gone", "../gone/", "folder", "."])
def test_dead_links_are_refused(tmp_path: Path, link: str) -> None:
    (tmp_path / "there.md").write_text("# There\n")
    (tmp_path / "folder").mkdir()
    document = tmp_path / "document.md"
    document.write_text(text := f"# Here\n[it]({link})\n")
    assert len(list(dead_links(document, text))) == 1


@pytest.mark.parametrize(
    "picture",
    [
        "![It](gone.svg)",
        '<img alt="It" src="gone.webp">',
        '<source media="(prefers-color-scheme: dark)" srcset="gone.webp">',
        '<a href="gone.md">it</a>',
    ],
)
def test_pictures_that_are_not_there_are_refused(tmp_path: Path, picture: str) -> None:
    document = tmp_path / "document.md"
    assert len(list(dead_links(document, picture))) == 1
    for name in ("gone.svg", "gone.webp", "gone.md"):
        (tmp_path / name).write_bytes(b"")
    assert list(dead_links(document, picture)) == []


@pytest.mark.parametrize(
    "link", ["there.md", "there.md#a-b-c", "#here", "https://example.com/gone", "mailto:a@b"]
)
def test_links_that_lead_somewhere_pass(tmp_path: Path, link: str) -> None:
    (tmp_path / "there.md").write_text("# There\n\n## A, `b` c\n")
    document = tmp_path / "document.md"
    document.write_text(text := f"# Here\n[it]({link})\n`[no](link)`\n")
    assert list(dead_links(document, text)) == []


def test_anchors_are_those_of_the_web_page() -> None:
    text = "# Two pods, several operators\n## Who? `kubectl`!\n## Who kubectl\n```\n# no\n```\n"
    assert anchors(text) == {"two-pods-several-operators", "who-kubectl", "who-kubectl-1"}


@pytest.mark.parametrize(
    ("before", "passes"),
    [
        ("", False),
        ("<!-- not run: -->\n", False),
        ("<!-- not run: it needs a cluster -->\n", True),
        ("<!-- run by: test_runs.py -->\n", True),
        ("<!-- run by: test_reads.py -->\n", False),
        ("<!-- run by: test_other.py -->\n", False),
        ("<!-- run by: test_gone.py -->\n", False),
        ("<!-- checked by: test_reads.py; not run: it needs root -->\n", True),
        ("<!-- checked by: test_reads.py; not run: -->\n", False),
        ("<!-- checked by: test_reads.py -->\n", False),
        ("<!-- checked by: test_other.py; not run: it needs root -->\n", False),
        ("<!-- console sh run by: test_runs.py -->\nText.\n", True),
        ("<!-- sh run by: test_reads.py -->\nText.\n", False),
        ("<!-- sh checked by: test_reads.py; not run: it needs root -->\nText.\n", True),
        ("<!-- yaml run by: test_runs.py -->\nText.\n", False),
    ],
)
def test_a_block_says_what_is_done_with_it_and_that_is_so(
    tmp_path: Path, before: str, passes: bool
) -> None:
    read = "Path('document.md').read_text()"
    (tmp_path / "test_runs.py").write_text(f"def test_it(story):\n    story.tell({read})\n")
    (tmp_path / "test_reads.py").write_text(f"def test_it():\n    assert {read}\n")
    (tmp_path / "test_other.py").write_text("")
    text = f"# Title\n{before}{BLOCK}"
    found = list(unrun_blocks(tmp_path / "document.md", text, tmp_path))
    assert (found == []) is passes


def test_a_manifest_can_be_checked_without_a_reason(tmp_path: Path) -> None:
    (tmp_path / "test_reads.py").write_text("TEXT = Path('document.md').read_text()\n")
    text = "<!-- checked by: test_reads.py -->\n```yaml\na: 1\n```\n"
    assert list(unrun_blocks(tmp_path / "document.md", text, tmp_path)) == []


def test_a_block_without_an_end_is_refused(tmp_path: Path) -> None:
    text = "<!-- not run: it has no end -->\n```sh\nls\n"
    assert list(unrun_blocks(tmp_path / "document.md", text)) == ["3: a code block has no end"]


NAV = """
[project]
nav = [
  { "Home" = "README.md" },
  { "Part" = [{ "One" = "docs/one.md" }, { "Deep" = [{ "Two" = "docs/deep/two.md" }] }] },
]
"""


def test_a_document_is_in_the_navigation_of_the_site(tmp_path: Path) -> None:
    names = ["README.md", "docs/one.md", "docs/deep/two.md"]
    assert list(navigation(NAV)) == names
    for name in [*names, "docs/lost.md", "docs/picture.svg", "elsewhere.md"]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    there = [path for path in tmp_path.rglob("*") if path.is_file()]
    (found,) = not_in_navigation(there, NAV, tmp_path)
    assert found.startswith("docs/lost.md: ")
    (tmp_path / "docs/one.md").unlink()
    assert "zensical.toml: there is no docs/one.md" in not_in_navigation([], NAV, tmp_path)
