"""`hack.site.built` finds what a reader of the site would stumble over."""

from __future__ import annotations

from pathlib import Path

import pytest

from hack.site.built import problems

GOOD = """
<html><head>
<link rel="stylesheet" href="a/style.css"><link rel="canonical" href="https://elsewhere">
</head><body><h1 id="top">Top</h1><a href="b.html#there">b</a><a href="#top">up</a>
<a href="https://elsewhere/page">a reader may go there</a>
<img src="data:image/png;base64,AA"></body></html>
"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "style.css").write_text("")
    (tmp_path / "b.html").write_text('<h2 id="there">There</h2>')
    (tmp_path / "index.html").write_text(GOOD)
    return tmp_path


def test_a_good_site_has_no_problem(site: Path) -> None:
    assert list(problems(site)) == []


@pytest.mark.parametrize(
    ("html", "problem"),
    [
        ('<script src="https://cdn/x.js"></script>', "https://cdn/x.js is loaded from elsewhere"),
        ('<link rel="stylesheet" href="//fonts/x.css">', "//fonts/x.css is loaded from elsewhere"),
        ('<img src="https://host/x.png">', "https://host/x.png is loaded from elsewhere"),
        ('<a href="gone.html">x</a>', "the link to gone.html leads nowhere"),
        ('<img src="gone.svg">', "the link to gone.svg leads nowhere"),
        ('<a href="a">x</a>', "the link to a leads nowhere"),
        ('<a href="b.html#gone">x</a>', "b.html#gone names no heading"),
        ('<a href="#gone">x</a>', "#gone names no heading"),
    ],
)
def test_a_problem_is_found(site: Path, html: str, problem: str) -> None:
    (site / "index.html").write_text(html)
    assert list(problems(site)) == [f"index.html: {problem}"]


def test_no_page_is_a_problem(tmp_path: Path) -> None:
    assert len(list(problems(tmp_path))) == 1
