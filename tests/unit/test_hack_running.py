"""`hack.running`: what a test does with a document is read from the source of the test."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from hack.running import runs

PAGE = Path("docs/page.md")

#: Sources of tests, and the kind of blocks that each runs.
RUN = {
    "a story": (
        "sh",
        """
        def test_it(story):
            story.tell((ROOT / "docs" / "page.md").read_text())
        """,
    ),
    "a document in a constant, a fixture that runs it": (
        "yaml",
        """
        TEXT = (ROOT / "docs/page.md").read_text()

        @pytest.fixture
        def applied(cluster):
            cluster.kubectl("apply", "-f", re.findall("```yaml", TEXT)[0])

        def test_it(applied):
            assert applied
        """,
    ),
    "a page in the parameters of the test": (
        "console",
        """
        PAGES: list[str] = ["other.md", "page.md"]

        @pytest.mark.parametrize("page", PAGES)
        def test_it(stage, page):
            for command in commands(page):
                stage.shell(command)
        """,
    ),
}
NOT_RUN = {
    "it only parses the blocks": (
        "yaml",
        """
        def test_it():
            assert yaml.safe_load(re.findall("```yaml", Path("docs/page.md").read_text())[0])
        """,
    ),
    "another test of the file runs something else": (
        "sh",
        """
        def test_it():
            assert re.findall("```sh", Path("docs/page.md").read_text())

        def test_other(stage):
            stage.shell("true")
        """,
    ),
    "it runs what is in the tables of the document, no block": (
        "yaml",
        """
        def test_it(stage):
            stage.shell(re.findall("kubectl .*", Path("docs/page.md").read_text())[0])
        """,
    ),
    "a story runs commands, no manifests": (
        "yaml",
        """
        def test_it(story):
            story.tell(Path("docs/page.md").read_text())
        """,
    ),
    "another document, whose name ends alike": (
        "sh",
        """
        def test_it(story):
            story.tell(Path("docs/other-page.md").read_text())
        """,
    ),
    "a function that no test uses": (
        "sh",
        """
        def helper(story):
            story.tell(Path("docs/page.md").read_text())
        """,
    ),
    "nothing": ("sh", ""),
}


@pytest.mark.parametrize("name", RUN)
def test_a_test_that_runs_a_document(name: str) -> None:
    kind, source = RUN[name]
    assert runs(textwrap.dedent(source), PAGE, kind)


@pytest.mark.parametrize("name", NOT_RUN)
def test_a_test_that_does_not(name: str) -> None:
    kind, source = NOT_RUN[name]
    assert not runs(textwrap.dedent(source), PAGE, kind)
