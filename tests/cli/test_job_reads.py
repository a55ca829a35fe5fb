"""`echelon job list|get|status|instances|history|diff` on the real API server."""

from __future__ import annotations

import json
import re

import yaml

from hack.harness.manifests import Object, job, template
from hack.harness.space import Space
from tests.cli.echelon import Echelon
from tests.cli.kubelet import Kubelet

TITLES = ["NAME", "INSTANCES", "STATUS", "REVISION", "UPDATE", "AGE", "MESSAGE"]
#: A pod that crashes again and again fails its Update.
CRASH = {"behaviour": "crash-loop", "backoff": "200ms", "exit_code": 3}


def rolled_back(space: Space) -> Object:
    """A Job whose second template crashed and was rolled back."""
    space.made(job(instances=3))
    space.set_image("web:2", **CRASH)
    return space.wait_update("RolledBack", timeout=40)


def test_list(space: Space, echelon: Echelon) -> None:
    empty = echelon("job", "list", check=0)
    assert empty.out == ""
    assert empty.err.startswith(f"No Jobs found in namespace {space.name}.\n")
    assert "job list -A" in empty.err
    assert json.loads(echelon("job", "list", "-o", "json", check=0).out)["items"] == []
    labelled = job("api", instances=1)
    labelled["metadata"]["labels"] = {"team": "a"}
    space.made(labelled)
    made = space.made(job(instances=2))
    revision = made["status"]["currentRevision"]
    head, *lines = echelon("job", "list", check=0).lines
    assert head.split() == TITLES
    assert [line.split()[0] for line in lines] == ["api", "web"]
    assert lines[1].split()[:5] == ["web", "2/2", "Ready", revision, "<none>"]
    chosen = echelon("job", "list", "-l", "team=a", check=0).lines
    assert [line.split()[0] for line in chosen] == ["NAME", "api"]
    everywhere = echelon("job", "list", "-A", check=0).lines
    assert everywhere[0].split() == ["NAMESPACE", *TITLES]
    assert any(line.split()[:2] == [space.name, "web"] for line in everywhere)
    wide = echelon("job", "list", "-o", "wide", check=0).lines
    assert wide[0].split() == [*TITLES[:-1], "LAST", "REVISIONS", "MESSAGE"]
    assert f"{revision}=2" in wide[2]
    names = echelon("job", "list", "-o", "name", check=0).lines
    assert names == ["echelonjob.echelon.dev/api", "echelonjob.echelon.dev/web"]
    # What is printed can be given to kubectl.
    printed = echelon("job", "list", "-o", "yaml", check=0).out
    assert "web" in space.kubectl("get", "-f", "-", "-o", "name", input=printed)


def test_get(space: Space, echelon: Echelon) -> None:
    space.made(job("api", instances=1))
    space.made(job(instances=1))
    one = yaml.safe_load(echelon("job", "get", "web", "-o", "yaml", check=0).out)
    assert (one["kind"], one["metadata"]["name"]) == ("EchelonJob", "web")
    both = json.loads(echelon("job", "get", "ejob/web", "api", "-o", "json", check=0).out)
    assert [each["metadata"]["name"] for each in both["items"]] == ["web", "api"]
    assert len(echelon("job", "get", "web", check=0).lines) == 2
    partly = echelon("job", "get", "web", "nobody", check=1)
    assert len(partly.lines) == 2
    assert f"EchelonJob nobody not found in namespace {space.name}" in partly.err
    assert "echelon job list" in partly.err
    assert echelon("job", "get", "web/0").code == 2
    assert echelon("job", "get").code == 2


def test_status_of_a_job_that_is_well(space: Space, echelon: Echelon) -> None:
    made = space.made(job(instances=2))
    lines = echelon("job", "status", "web", check=0).lines
    assert lines[0] == f"✔ web  Ready  in namespace {space.name}"
    assert "instances  2 of 2 ready, 2 available" in lines[1]
    assert f"100%  {made['status']['currentRevision']}  0-1  web:1  (current)" in lines[3]
    assert len(lines) == 4
    one = echelon("job", "status", "web/1", check=0).out
    assert "instances asked for" in one
    assert "1  Good" in one
    assert "has no instance 7" in echelon("job", "status", "web/7", check=1).err


def test_status_says_why_an_update_was_rolled_back(space: Space, echelon: Echelon) -> None:
    name = rolled_back(space)["metadata"]["name"]
    space.wait_job("Stalled", lambda j: j["status"]["lastAttempt"].get("outcome"))
    found = echelon("job", "status", "web", check=0)
    first, why = found.lines[:2]
    assert first == f"✖ web  Stalled (RolledBack)  in namespace {space.name}"
    assert "instance 0" in why
    assert "exit code 3" in why
    assert re.search(rf"last update  {name}  RolledBack  \d+s ago  by Echelon", found.out)
    assert "instance 0 failed on " in found.out
    assert "(template, known bad)" in found.out
    assert f"echelon job retry web -n {space.name}" in found.out


def test_status_has_the_last_words_of_a_container(space: Space, echelon: Echelon) -> None:
    with Kubelet(space.cluster) as kubelet:
        for number in range(9):
            kubelet.write(space.name, "web-0", f"line {number}")
        space.create(job(instances=1, steering=CRASH))
        space.until("a crash", lambda: 0 in space.pods() and space.pods()[0].restarts)
        lines = echelon("job", "status", "web", check=0).lines
    at = next(i for i, line in enumerate(lines) if line.endswith("last lines of its log"))
    assert "CrashLoopBackOff: container web: last exit code 3" in lines[at - 1]
    # This kubelet writes the time before each line.
    assert [line.partition("Z ")[2] for line in lines[at + 1 : at + 6]] == [
        f"line {number}" for number in range(4, 9)
    ]


def test_status_of_an_update_in_progress(space: Space, echelon: Echelon) -> None:
    space.made(job(instances=3))
    space.set_image("web:2", behaviour="never-ready")
    name = space.wait_update("RollingForward", probe=lambda u: u["status"].get("batch"))[
        "metadata"
    ]["name"]
    out = echelon("job", "status", "web", check=0).out
    assert "↻ web  Reconciling (RollingForward)" in out
    assert f"update  {name}  RollingForward  to web-" in out
    assert "0 of 3 updated" in out
    assert f"echelon update watch {name} -n {space.name}" in out


def test_instances(space: Space, echelon: Echelon) -> None:
    made = space.made(job(instances=3))
    revision = made["status"]["currentRevision"]
    head, *lines = echelon("job", "instances", "web", check=0).lines
    assert head.split() == [
        *("INSTANCE", "STATE", "REVISION", "POD", "NODE", "RESTARTS", "AGE", "MESSAGE")
    ]
    assert [line.split()[:4] for line in lines] == [
        [str(i), "Good", revision, f"web-{i}"] for i in range(3)
    ]
    wide = echelon("job", "instances", "web/0,2", "-o", "wide", check=0).lines
    assert [line.split()[0] for line in wide] == ["INSTANCE", "0", "2"]
    assert "web:1" in wide[1]
    names = echelon("job", "instances", "web/1-2", "-o", "name", check=0).lines
    assert names == ["pod/web-1", "pod/web-2"]
    refused = echelon("job", "instances", "web/2-4", check=1)
    assert "Job web has no instances 3-4" in refused.err
    assert "its instances are 0-2" in refused.err
    assert echelon("job", "instances", "web/x").code == 2


def test_instances_that_are_no_more(space: Space, echelon: Echelon) -> None:
    made = space.made(job(instances=2))
    none = echelon("job", "instances", "web", "--ended", check=0)
    assert (none.out, "No pod of Job web is known to have ended." in none.err) == ("", True)
    space.delete_pod("web-1")
    space.wait_job("its end", lambda j: j["status"].get("ended"))
    head, line = echelon("job", "instances", "web", "--ended", check=0).lines
    assert head.split() == [
        *("INSTANCE", "CAUSE", "REVISION", "NODE", "EXIT", "RAN", "ENDED", "MESSAGE")
    ]
    assert line.split()[:3] == ["1", "Deleted", made["status"]["currentRevision"]]
    found = json.loads(echelon("job", "instances", "web/1", "--ended", "-o", "json", check=0).out)
    assert found == space.job()["status"]["ended"]
    other = echelon("job", "instances", "web/0", "--ended", check=0)
    assert "No pod of instances 0 of Job web is known" in other.err
    assert echelon("job", "instances", "web", "--ended", "-o", "name").code == 2


def test_instances_at_another_revision_are_marked(space: Space, echelon: Echelon) -> None:
    space.made(job(instances=2, steering={"behaviour": "never-stop", "instances": "0"}))
    old = space.job()["status"]["currentRevision"]
    space.set_image("web:2", behaviour="never-stop", instances="0")
    space.wait_job(
        "instance 0 assigned the new revision",
        lambda j: any(each["revision"] != old for each in j["status"]["assigned"]),
    )
    space.until("pod web-0 terminates", lambda: space.pods()[0].deleting)
    line = echelon("job", "instances", "web/0", check=0).lines[1]
    assert line.split()[:3] == ["0", "Stopping", old]
    assert f"{old} → {space.job()['status']['updateRevision']}" in line


def test_history(space: Space, echelon: Echelon) -> None:
    name = rolled_back(space)["metadata"]["name"]
    head, first, second = echelon("job", "history", "web", check=0).lines
    assert head.split() == [
        *("NUMBER", "REVISION", "PARENT", "IMAGES", "SOURCE"),
        *("UPDATE", "OUTCOME", "BY", "AGE", "INSTANCES", "NOTES"),
    ]
    assert first.split()[2:6] == ["<none>", "web:1", "<none>", "<none>"]
    assert "0-2" in first
    assert first.rstrip().endswith("current, first creation")
    assert second.split()[2:7] == ["1", "web:2", "<none>", name, "RolledBack"]
    assert second.rstrip().endswith("template, known bad")
    assert "MESSAGE" in echelon("job", "history", "web", "-o", "wide", check=0).lines[0]
    numbers = [line.split()[0] for line in (first, second)]
    two = echelon("job", "history", "web", *_revisions(*numbers), check=0)
    one = echelon("job", "history", "web", *_revisions(numbers[1]), check=0)
    assert one.out == two.out
    assert "  - spec.containers[web].image: web:1\n" in one.out
    assert "  + spec.containers[web].image: web:2\n" in one.out
    back = echelon("job", "history", "web", *_revisions(*numbers[::-1]), check=0)
    assert "  + spec.containers[web].image: web:1\n" in back.out
    names = [line.split()[1] for line in (first, second)]
    assert echelon("job", "history", "web", *_revisions(*names), check=0).out == two.out
    stored = yaml.safe_load(
        echelon("job", "history", "web", *_revisions(names[0]), "-o", "yaml", check=0).out
    )
    assert stored["metadata"]["name"] == names[0]
    assert "oldest one" in echelon("job", "history", "web", *_revisions(numbers[0]), check=1).err
    assert "no revision 99" in echelon("job", "history", "web", *_revisions("99"), check=1).err
    assert echelon("job", "history", "web", *_revisions("1", "2", "3")).code == 2


def _revisions(*names: str) -> list[str]:
    return [arg for name in names for arg in ("--revision", name)]


def test_diff_of_a_file(space: Space, echelon: Echelon) -> None:
    space.made(job(instances=3))
    same = yaml.safe_dump(job(instances=3))
    found = echelon("job", "diff", "web", "-f", "-", stdin=same, check=0)
    assert (found.out, found.err) == ("", "No difference.\n")
    wish = job(instances=4, image="web:2", update={"maxUnavailable": 1})
    several = yaml.safe_dump_all([job("api"), wish])
    found = echelon("job", "diff", "web", "-f", "-", stdin=several, check=1)
    lines = found.lines
    assert re.fullmatch(r"instances 0-2 \(3\)  web-\w+ → web-\w+", lines[0])
    assert lines[1:3] == [
        "  - spec.containers[web].image: web:1",
        "  + spec.containers[web].image: web:2",
    ]
    assert lines[3].startswith("new instance 3  web-")
    assert lines[4:] == [
        "settings of the Job, which change no pod",
        "  + spec.update.maxUnavailable: 1",
    ]
    fewer = yaml.safe_dump(job(instances=1))
    lines = echelon("job", "diff", "web", "-f", "-", stdin=fewer, check=1).lines
    assert lines[0].startswith("removed instances 1-2  web-")
    lines = echelon("job", "diff", "web/0", "-f", "-", stdin=several, check=1).lines
    assert lines[0].startswith("instance 0  ")
    assert len(lines) == 3
    # The revision is the one that the operator makes of this template.
    target = lines[0].rpartition(" ")[2]
    space.set_template(template("web:2"))
    space.wait_update("RolledForward")
    assert space.job()["status"]["currentRevision"] == target


def test_diff_of_a_job_that_waits(space: Space, echelon: Echelon) -> None:
    space.made(job(instances=2, update={"mode": "Manual"}))
    assert echelon("job", "diff", "web", check=0).out == ""
    space.set_image("web:2")
    space.wait_job(
        "UpdatePending", lambda j: j["status"]["updateRevision"] != j["status"]["currentRevision"]
    )
    found = echelon("job", "diff", "web", check=1)
    assert "  + spec.containers[web].image: web:2" in found.lines


def test_diff_tells_errors_from_differences(
    space: Space, echelon: Echelon, tmp_path: object
) -> None:
    new = yaml.safe_dump(job("new", instances=2))
    found = echelon("job", "diff", "new", "-f", "-", stdin=new, check=1)
    assert found.out == "Job new is new, with 2 instances\n"
    missing = echelon("job", "diff", "nobody", check=2)
    assert "EchelonJob nobody not found" in missing.err
    other = echelon("job", "diff", "web", "-f", "-", stdin=new, check=2)
    assert "stdin has no EchelonJob web" in other.err
    assert "it has EchelonJob new" in other.err
    assert echelon("job", "diff", "web", "-f", f"{tmp_path}/none.yaml").code == 2
    assert echelon("job", "diff", "web", "-f", "-", stdin="a: [").code == 2
    elsewhere = job("new")
    elsewhere["metadata"]["namespace"] = "elsewhere"
    text = yaml.safe_dump(elsewhere)
    assert "add `-n elsewhere`" in echelon("job", "diff", "new", "-f", "-", stdin=text, check=2).err
    space.made(job(instances=1))
    assert "no instance 4" in echelon("job", "diff", "web/4", check=2).err
