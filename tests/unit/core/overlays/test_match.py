"""CEL matches: for which instances they are true, and what is refused."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.api.ids import Ids
from controller.core.overlays.match import MatchError, matched


def of(text: str) -> str:
    return str(matched(text, "web", "shop"))


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("instance in [0, 3, 4]", "0,3-4"),
        ("instance < 2 || instance >= 9998", "0-1,9998-9999"),
        ("job == 'web' && namespace == \"shop\"", "0-9999"),
        ("job != 'web'", ""),
        ("instance == (namespace.startsWith('sh') ? 7 : 8)", "7"),
        ("string(instance).endsWith('999')", "999,1999,2999,3999,4999,5999,6999,7999,8999,9999"),
        ("size(job) == 3 && instance == 1 // the second", "1"),
        ("instance ==\n5", "5"),
        ("instance == 1 && 'namespace' != namespace && namespace=='shop'", "1"),
        ("job.endsWith('b') && job.contains('e') && instance < 1", "0"),
        ("instance > 9997 && (instance == 9999 || 1 / (instance - 9999) < 0)", "9998-9999"),
    ],
)
def test_a_match(text: str, ids: str) -> None:
    assert of(text) == ids


@settings(max_examples=20)
@given(st.integers(1, 40), st.integers(0, 40))
def test_a_match_holds_for_the_ids_for_which_it_is_true(divisor: int, rest: int) -> None:
    expected = Ids(i for i in range(10_000) if i % divisor == rest)
    assert matched(f"instance % {divisor} == {rest}", "web", "shop") == expected


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("instance", "it gives a int, not true or false"),
        ("instance <", "line 1, column 11: Syntax error"),
        ("true &&\n foo", "line 2, column 2: undeclared reference to 'foo'"),
        ("namespace == 'a' && foo", "line 1, column 21: undeclared reference to 'foo'"),
        ("ids == [1]", "undeclared reference to 'ids'"),
        ("true) || (true", "line 1, column 5: Syntax error"),
        ("10 / (instance - 5000) > 1", "it has no value for instance 5000: divide by zero"),
        ("int(job) == instance", "it has no value for instance 0: cannot convert string to int"),
    ],
)
def test_an_invalid_match(text: str, words: str) -> None:
    with pytest.raises(MatchError) as error:
        of(text)
    assert words in str(error.value)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("[1].map(x, [1].map(y, x)) == []", ".map("),
        ("[1, 2].exists (x, x == instance)", ".exists("),
        ("has(job.x)", "has("),
        ("job.matches('(.{0,900})')", ".matches("),
        ("{'a': 1}['a'] == 1", "{"),
        ("job.x == 1", ".x"),
        ("type(1) == int", "type("),
        (r'r"\" == job || [1].map(x, x) == [1]', 'r"'),
        ("b'a' == b'a'", "b'"),
        ("Namespace == 'shop'", "Namespace"),
        ("job.namespace == 'shop'", ".namespace"),
        ("namespace()", "namespace("),
        ('"""a""" == job', '"""'),
        ("'''a''' == job", "'''"),
        ("'a\n' == job", "'"),
        ("`job` == 'a'", "`"),
        ("'\\'' == job || [1] . map(x, x) == []", ". map("),
    ],
)
def test_what_could_use_up_memory_or_time_is_refused_before_the_library_reads_it(
    text: str, part: str
) -> None:
    with pytest.raises(MatchError) as error:
        of(text)
    assert f"`{part}` is refused" in str(error.value)


def test_the_library_is_loaded_by_the_first_match_only() -> None:
    program = "import sys, controller.core.overlays.match; print('cel_expr_python' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout == "False\n", done.stderr
