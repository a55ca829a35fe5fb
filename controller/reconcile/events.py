"""Records Events on a Job and its Updates, and logs lines with the same text."""

from __future__ import annotations

import logging

from controller.core.model import plan
from controller.core.status import too_new
from controller.kube.events import Recorder
from controller.reconcile.entry import Entry
from controller.reconcile.references import about_line, reference

log = logging.getLogger(__name__)


class Events:
    """Records Events; an Event about an object that is gone is dropped."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder

    def warn(self, entry: Entry, reason: str, note: str, action: str = "") -> None:
        """A Warning on the Job. ``action``: what the operator did; by default the reason."""
        self._record(entry, None, "Warning", reason, note, action or reason)

    def after(self, entry: Entry, write: plan.Write) -> None:
        """Record the Events of a write that succeeded."""
        if isinstance(write, plan.CheckTemplate):
            self._of_template(entry, write)
        if isinstance(write, plan.WriteJob | plan.WriteUpdate):
            for e in write.events:
                if self._record(entry, e.update, e.type, e.reason, e.note, e.reason):
                    log.info("%s: %s", e.reason, e.note, extra=about_line(entry, e.update))

    def left_alone(self, entry: Entry) -> None:
        """Record one Event for each Update that is left to a newer operator."""
        for update in entry.updates.values():
            if update.too_new and update.uid not in entry.reported_too_new:
                entry.reported_too_new.add(update.uid)
                unknown = update.too_new.unknown
                note = too_new.message_of(unknown)
                self._record(entry, update.name, "Warning", unknown.reason, note, unknown.reason)

    def _of_template(self, entry: Entry, write: plan.CheckTemplate) -> None:
        """Record the API server's warnings about a template (once per template), and its refusal
        of the Job's own template."""
        verdict = entry.verdicts.get(write.update)
        if verdict is None or reference(entry, None) is None:
            return
        if verdict.warnings and write.revision not in entry.warned:
            entry.warned.add(write.revision)
            note = f"{write.revision}: {'; '.join(verdict.warnings)}"
            self.warn(entry, "TemplateWarning", note, "CheckTemplate")
        if not verdict.accepted and not write.update:
            self.warn(entry, verdict.reason, verdict.message, "CheckTemplate")

    def _record(
        self,
        entry: Entry,
        update: str | None,
        kind: plan.EventType,
        reason: str,
        note: str,
        action: str,
    ) -> bool:
        """Record an Event. Returns False if the object of the Event does not exist."""
        about = reference(entry, update)
        if about is not None:
            self._recorder.record(about, kind, reason, note, action)
        return about is not None
