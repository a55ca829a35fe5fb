"""What the arguments of `update start` mean."""

from __future__ import annotations

from pathlib import Path

import pytest

from controller.api.ids import Ids
from controller.cli.exits import CliError, Exit
from controller.cli.update.proposal import check_instances
from controller.cli.update.request import namespace_of, request_of
from tests.unit.view.raw import job, ranges

JOB = """\
apiVersion: echelon.dev/v1alpha1
kind: EchelonJob
metadata: {name: web, namespace: shop}
spec: {template: {spec: {containers: [{name: web}]}}}
"""


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "job.yaml"
    path.write_text(JOB)
    return str(path)


def refusal(*args: str | None) -> CliError:
    with pytest.raises(CliError) as caught:
        request_of(*args)  # type: ignore[arg-type]
    assert caught.value.code is Exit.USAGE
    return caught.value


def test_a_job() -> None:
    found = request_of("web")
    assert (found.job, found.file, found.instances) == ("web", None, None)


@pytest.mark.parametrize(
    ("target", "instances"), [("web/0-3", None), ("web", "0-3"), ("web", "web/0-3")]
)
def test_some_instances(target: str, instances: str | None) -> None:
    assert str(request_of(target, instances).instances) == "0-3"


def test_a_file(file: str) -> None:
    found = request_of(file, "1", force=True)
    assert (found.job, str(found.instances), found.force) == ("web", "1", True)
    assert found.file is not None


def test_what_makes_no_sense(file: str) -> None:
    assert "twice" in refusal("web/0", "1").message
    assert "names Job api, not web" in refusal("web", "api/1").message
    assert "--revision" in refusal(file, None, "3").message
    assert "range string" in refusal("web", "x").message


def test_the_namespace(file: str) -> None:
    assert namespace_of(request_of("web"), None) is None
    assert namespace_of(request_of("web"), "a") == "a"
    assert namespace_of(request_of(file), None) == "shop"
    assert namespace_of(request_of(file), "shop") == "shop"
    with pytest.raises(CliError, match="for namespace shop, not a"):
        namespace_of(request_of(file), "a")


def test_instances_that_the_job_does_not_have_are_no_lack_of_difference() -> None:
    seen = job(3, assigned=ranges(a="0-4"))
    check_instances(seen, None)
    check_instances(seen, Ids.parse("0,4"))
    with pytest.raises(CliError, match=r"Job web has no instances 5,50") as caught:
        check_instances(seen, Ids.parse("2,5,50"))
    assert caught.value.hint == "its instances are 0-4"
    assert caught.value.code is Exit.REJECTED


def test_what_a_file_was_built_from(file: str) -> None:
    found = request_of(file, source="3f1c9a0").file
    assert found is not None
    assert found.obj["metadata"] == {
        "name": "web",
        "namespace": "shop",
        "annotations": {"echelon.dev/source": "3f1c9a0"},
    }
    plain = request_of(file).file
    assert plain is not None
    assert "annotations" not in plain.obj["metadata"]
    assert "--source" in refusal("web", None, None, "3f1c9a0").message
