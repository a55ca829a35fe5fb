"""Creates in growing groups."""

from __future__ import annotations

from controller.kube.errors import ApiError
from controller.reconcile.ramp import in_groups


class Making:
    """``refused``: the number of the create that is refused."""

    def __init__(self, count: int, refused: int = -1) -> None:
        self.open = dict.fromkeys(range(count), "x")
        self.refused = refused
        self.sent = 0

    async def make(self, _: str) -> ApiError | None:
        self.sent += 1
        return ApiError(403, "Forbidden", "no") if self.sent - 1 == self.refused else None


async def test_without_a_refusal_all_go_at_once() -> None:
    making = Making(64)
    assert await in_groups(making.open, making.make, False, lambda: True) is None
    assert (making.sent, making.open) == (64, {})


async def test_after_a_refusal_one_goes_first_and_nothing_after_the_next_refusal() -> None:
    making = Making(20, refused=0)
    held = await in_groups(making.open, making.make, True, lambda: True)
    assert held is not None
    assert (making.sent, sorted(making.open)) == (1, list(range(1, 20)))
    making = Making(20, refused=5)
    assert await in_groups(making.open, making.make, True, lambda: True) is not None
    assert (making.sent, len(making.open)) == (9, 11)


async def test_nothing_is_made_that_is_not_wanted_any_more() -> None:
    making = Making(20)
    assert await in_groups(making.open, making.make, True, lambda: making.sent < 1) is None
    assert (making.sent, len(making.open)) == (1, 19)
