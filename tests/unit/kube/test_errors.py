import json

import pytest

from controller.kube import errors
from controller.kube.errors import ApiError, raise_for


@pytest.mark.parametrize(
    ("code", "reason", "kind"),
    [
        (400, "BadRequest", errors.BadRequest),
        (401, "Unauthorized", errors.Unauthorized),
        (403, "Forbidden", errors.Forbidden),
        (404, "NotFound", errors.NotFound),
        (409, "Conflict", errors.Conflict),
        (409, "AlreadyExists", errors.AlreadyExists),
        (410, "Expired", errors.Gone),
        (415, "UnsupportedMediaType", ApiError),
        (422, "Invalid", errors.Invalid),
        (429, "TooManyRequests", errors.TooManyRequests),
        (500, "InternalError", errors.ServerError),
        (503, "ServiceUnavailable", errors.ServerError),
    ],
)
def test_each_status_has_its_exception(code: int, reason: str, kind: type[ApiError]) -> None:
    body = json.dumps({"kind": "Status", "reason": reason, "message": "because"}).encode()
    with pytest.raises(ApiError) as caught:
        raise_for(code, body, {})
    assert type(caught.value) is kind
    assert caught.value.status == code
    assert str(caught.value) == f"{code} {reason}: because"


def test_success_raises_nothing() -> None:
    raise_for(201, b"anything", {})


def test_the_wait_that_was_asked_for() -> None:
    with pytest.raises(errors.TooManyRequests) as caught:
        raise_for(429, b"{}", {"Retry-After": "7"})
    assert caught.value.retry_after == 7
    body = json.dumps({"details": {"retryAfterSeconds": 3}}).encode()
    with pytest.raises(errors.ServerError) as other:
        raise_for(504, body, {"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"})
    assert other.value.retry_after == 3


def test_an_answer_that_is_no_status_is_shown() -> None:
    with pytest.raises(errors.ServerError, match="upstream gone"):
        raise_for(502, b"<h1>upstream gone</h1>", {})


def test_the_continue_token_of_an_expired_list() -> None:
    body = json.dumps({"reason": "Expired", "metadata": {"continue": "more"}}).encode()
    with pytest.raises(errors.Gone) as caught:
        raise_for(410, body, {})
    assert caught.value.continue_token == "more"
