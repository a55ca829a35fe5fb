"""An example of each command, for `docs/cli.md`; the test parses each one."""

from __future__ import annotations

from typing import Final

#: The words of a command -> lines as a user types them.
EXAMPLES: Final[dict[str, tuple[str, ...]]] = {
    "completion": ("source <(echelon completion bash)",),
    "cron next": ("echelon cron next report --count 3",),
    "cron resume": ("echelon cron resume report",),
    "cron show": ("echelon cron show report",),
    "cron start": ("echelon cron start report",),
    "cron suspend": ("echelon cron suspend report",),
    "job create": ("echelon job create web.yaml --wait",),
    "job delete": ("echelon job delete web",),
    "job diff": ("echelon job diff web -f web.yaml",),
    "job get": ("echelon job get web -o yaml",),
    "job history": ("echelon job history web",),
    "job instances": ("echelon job instances web/0-3,7",),
    "job kill": ("echelon job kill report --yes",),
    "job list": ("echelon job list -A",),
    "job logs": ("echelon job logs web/3 -f",),
    "job restart": ("echelon job restart web/0-3",),
    "job retry": ("echelon job retry web",),
    "job scale": ("echelon job scale web 20",),
    "job status": ("echelon job status web",),
    "lint": ("echelon lint web.yaml", "kubectl kustomize overlays/production | echelon lint -"),
    "sla get-job-uptime": ("echelon sla get-job-uptime web --percentiles 95,99.9",),
    "sla get-task-up-count": ("echelon sla get-task-up-count web --durations 10m,1d",),
    "maintenance activate": ("echelon maintenance activate node-1 node-2",),
    "maintenance deactivate": ("echelon maintenance deactivate node-1",),
    "maintenance drain": ("echelon maintenance drain node-1 node-2 --wait",),
    "maintenance plan": (
        "echelon maintenance plan node-1 node-2",
        "echelon maintenance plan --filename hosts.txt -o name | "
        "echelon maintenance drain --filename -",
    ),
    "maintenance status": ("echelon maintenance status rack-7",),
    "ui": ("echelon ui",),
    "update abort": ("echelon update abort web-g4",),
    "update get": ("echelon update get web-g4 -o yaml",),
    "update list": ("echelon update list web",),
    "update pause": ("echelon update pause web-g4 -m 'the database is slow'",),
    "update plan": ("echelon update plan web.yaml",),
    "update pulse": ("echelon update pulse web-g4",),
    "update resume": ("echelon update resume web-g4",),
    "update retry": ("echelon update retry web-g4",),
    "update rollback": ("echelon update rollback web-g4 --wait",),
    "update start": ("echelon update start web.yaml", "echelon update start web/0 --yes --wait"),
    "update wait": ("echelon update wait web-g4 --timeout 600",),
    "update watch": ("echelon update watch web",),
    "version": ("echelon version",),
}
