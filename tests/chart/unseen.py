"""Rights of the operator that the tests of its roles do not see in use."""

from __future__ import annotations

#: Verb, and resource with subresource.
Right = tuple[str, str]
JOB_GATES = "tests/integration/gates/test_job.py"
REVISIONS = "tests/integration/test_revisions.py"
SLA = "tests/integration/test_sla.py"
MAINTENANCES = "tests/integration/test_maintenance_faults.py"
NODES = "tests/integration/test_nodes.py"
ADHOC = "tests/integration/test_adhoc.py"
CRON = "tests/integration/test_cron.py"
#: Rights that are granted although no test here makes the request, and the test that does. (But for
#: that of Events, with the same rules.)
UNSEEN: dict[Right, str] = {
    # The count of a repeated Event, which is written 10 s after the first.
    ("patch", "events"): "tests/integration/test_kube.py::test_events",
    ("create", "jobs.batch"): f"{JOB_GATES}::test_a_job_that_completes_lets_the_next_group_go",
    ("get", "jobs.batch"): f"{JOB_GATES}::test_a_job_that_completes_lets_the_next_group_go",
    ("get", "pods/log"): f"{JOB_GATES}::test_a_job_that_fails_rolls_back",
    # These tests make no Job of type Cron or Adhoc.
    ("list", "jobs.batch"): f"{ADHOC}::test_a_run_of_all_instances_succeeds_once",
    ("watch", "jobs.batch"): f"{ADHOC}::test_a_run_of_all_instances_succeeds_once",
    ("patch", "jobs.batch"): (
        "tests/unit/reconcile/runs/test_writes.py::test_a_run_that_a_former_job_left_is_taken_over"
    ),
    ("delete", "jobs.batch"): f"{ADHOC}::test_old_runs_are_deleted_and_the_job_takes_all_with_it",
    ("get", "cronjobs.batch"): f"{CRON}::test_the_cron_job_follows_the_spec",
    ("list", "cronjobs.batch"): f"{CRON}::test_the_cron_job_follows_the_spec",
    ("watch", "cronjobs.batch"): f"{CRON}::test_the_cron_job_follows_the_spec",
    ("create", "cronjobs.batch"): f"{CRON}::test_the_cron_job_follows_the_spec",
    ("update", "cronjobs.batch"): f"{CRON}::test_the_cron_job_follows_the_spec",
    ("update", "controllerrevisions"): (
        f"{REVISIONS}::test_a_revision_that_an_older_operator_stored_is_used_again_and_orphaned"
    ),
    ("create", "pods/eviction"): f"{SLA}::test_a_budget_over_two_jobs_is_never_violated",
    ("get", "poddisruptionbudgets"): f"{SLA}::test_the_budget_of_the_job_itself",
    ("create", "poddisruptionbudgets"): f"{SLA}::test_the_budget_of_the_job_itself",
    ("patch", "poddisruptionbudgets"): f"{SLA}::test_the_budget_of_the_job_itself",
    ("delete", "poddisruptionbudgets"): f"{SLA}::test_the_budget_of_the_job_itself",
    # Read when a pod is late: in these tests no deadline passes.
    (
        "get",
        "nodes",
    ): f"{NODES}::test_a_new_pod_on_a_node_that_is_lost_past_its_deadline_is_no_failure",
    # These tests make no Maintenance.
    ("get", "maintenances"): (
        "tests/integration/test_maintenance.py"
        "::test_marks_are_taken_back_when_it_is_deleted_in_the_middle"
    ),
    ("patch", "maintenances/status"): (
        f"{MAINTENANCES}::test_without_an_operator_that_serves_it_a_maintenance_says_so"
    ),
    ("list", "nodes"): f"{NODES}::test_while_all_nodes_are_lost_an_update_takes_no_pod_away",
}
