"""Where revisions come from: parent, source, and who made them; and what Updates keep of it."""

from __future__ import annotations

from controller.api.update import Phase, Target
from controller.core.decide import decide
from controller.core.model.plan import EnsureRevision, StampRevision
from tests.unit.core.admission.test_explicit import asked
from tests.unit.core.sim import World
from tests.values import replace


def stored(world: World, image: str) -> tuple[str, str]:
    """Source and parent of the revision with an image; the parent as its image."""
    cluster = world.cluster
    found = next(r for name, r in cluster.revisions.items() if cluster.image(name) == image)
    return found.source, cluster.image(found.parent) if found.parent else ""


def target(world: World, name: str) -> tuple[str, str]:
    """Source and parent that an Update keeps; the parent as its image."""
    to = world.named(name).status.to
    assert isinstance(to, Target)
    return to.source or "", world.cluster.image(to.parent) if to.parent else ""


def test_the_first_revision_has_no_parent_and_the_others_have_the_one_before() -> None:
    world = World(instances=2)
    world.cluster.annotate(source="one")
    world.ready()
    assert stored(world, "app:1") == ("one", "")
    for number, word in ((2, "two"), (3, "three")):
        world.cluster.annotate(source=word)
        world.roll(f"app:{number}")
        assert stored(world, f"app:{number}") == (word, f"app:{number - 1}")
        assert target(world, f"web-g{number}") == (word, f"app:{number - 1}")
    assert stored(world, "app:1") == ("one", ""), "earlier revisions stay as they are"


def test_a_template_that_comes_back_gets_a_new_parent_and_source() -> None:
    world = World(instances=2)
    world.cluster.annotate(source="one")
    world.ready()
    world.roll("app:2")
    world.cluster.annotate(source="revert of two")
    world.roll("app:1")
    assert stored(world, "app:1") == ("revert of two", "app:2")
    assert target(world, "web-g3") == ("revert of two", "app:2")


def test_an_older_revision_keeps_its_source_when_somebody_goes_back() -> None:
    world = World(instances=2)
    world.cluster.annotate(source="one")
    world.ready()
    old = world.status.current_revision
    world.cluster.annotate(source="two")
    world.roll("app:2")
    asked(world, "back", revision=old)
    assert world.named("back").status.phase is Phase.ROLLED_FORWARD
    assert stored(world, "app:1") == ("one", "app:2"), "it was not built from commit two"
    assert target(world, "back") == ("one", "app:2")
    assert stored(world, "app:2") == ("two", "app:1")


def test_no_revision_is_its_own_parent() -> None:
    world = World(instances=2, update={"maxFailuresPerInstance": 0}).ready()
    world.behave("app:2", ready=0.5, crash=0.5)
    world.roll("app:2")
    assert world.phase is Phase.ROLLED_BACK
    current = world.status.current_revision
    asked(world, "again", revision=current, restart=True)
    assert stored(world, "app:1") == ("", "")
    assert target(world, "again") == ("", "")


def test_a_restart_has_neither() -> None:
    world = World(instances=2)
    world.cluster.annotate(source="one")
    world.ready()
    asked(world, "again", restart=True)
    assert target(world, "again") == ("", "")


def test_a_changed_source_is_written_without_an_update() -> None:
    world = World(instances=2)
    world.cluster.annotate(source="one")
    world.ready()
    number = next(iter(world.cluster.revisions.values())).number
    world.cluster.annotate(source="two")
    world.run(10)
    assert stored(world, "app:1") == ("two", "")
    assert next(iter(world.cluster.revisions.values())).number == number
    assert not world.cluster.updates
    for nothing in ("", None):
        world.cluster.annotate(source=nothing)
        world.run(10)
        assert stored(world, "app:1") == ("two", ""), "who says nothing takes nothing back"
    world.quiet()


def test_an_active_update_keeps_the_source_that_it_had_at_admission() -> None:
    world = World(instances=2).ready()
    world.cluster.annotate(source="one")
    world.edit(image="app:2")
    world.until_phase(Phase.ROLLING_FORWARD)
    world.cluster.annotate(source="two")
    world.edit(instances=3)
    world.until_ended()
    assert stored(world, "app:2") == ("two", "app:1")
    assert target(world, "web-g2") == ("one", "app:1"), "also after a scale"


def test_a_long_source_is_cut() -> None:
    world = World(instances=1)
    world.cluster.annotate(source="ä" * 300)
    world.ready()
    assert stored(world, "app:1") == ("ä" * 256, "")
    world.quiet()


def test_a_template_that_is_not_tried_yet_gets_its_source_with_its_update() -> None:
    """Otherwise who waits for the source would find it on an old revision, which is not out."""
    world = World(instances=2).ready()
    world.roll("app:2")
    world.cluster.annotate(source="revert", expected_parent="web-unknown")
    world.edit(image="app:1")
    world.run(30)
    assert stored(world, "app:1") == ("", "")
    world.cluster.annotate(expected_parent=None)
    world.until(lambda: len(world.cluster.updates) == 2)
    world.until_ended()
    assert stored(world, "app:1") == ("revert", "app:2")


def test_a_refused_stamp_holds_up_nothing() -> None:
    world = World(instances=2).ready()
    world.cluster.refused["the source of"] = "not today"
    world.cluster.annotate(source="one")
    world.run(5)
    assert stored(world, "app:1") == ("", "")
    world.roll("app:2")
    assert world.phase is Phase.ROLLED_FORWARD
    assert stored(world, "app:2") == ("one", "app:1")


def test_the_writer_of_the_template_is_passed_on() -> None:
    world = World(instances=2).ready()
    world.edit(image="app:2")
    world.deliver()
    world.step()  # The check of the template.
    seen = replace(world.operator.observe(), made_by="argocd-controller")
    write = decide(seen, world.now).write
    assert isinstance(write, EnsureRevision)
    assert write.provenance.made_by == "argocd-controller"


def test_the_source_is_stamped_only_if_it_differs() -> None:
    world = World(instances=1).ready()
    world.cluster.annotate(source="one")
    world.deliver()
    plan = world.operator.decide()
    assert plan.write == StampRevision(world.cluster.revision, "one")
