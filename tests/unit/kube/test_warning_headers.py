"""Warning headers as the API server writes them."""

from __future__ import annotations

from controller.kube.warning_headers import texts


def test_each_text_once_with_its_quotes() -> None:
    headers = [
        '299 - "spec.a: deprecated since v1.20"',
        r'299 - "hides \"A\", \\ too"',
        '299 kube "one", 299 kube "two"',
        '299 - "spec.a: deprecated since v1.20"',
        "199 - not ours",
    ]
    assert texts(headers) == (
        "spec.a: deprecated since v1.20",
        r'hides "A", \ too',
        "one",
        "two",
    )
    assert texts([]) == ()
