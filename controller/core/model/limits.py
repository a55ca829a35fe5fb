"""Numbers that decisions and those who carry them out must agree on."""

from __future__ import annotations

from typing import Final

#: How many templates of older revisions the store keeps for decisions, at most. A decision asks for
#: no more than these: otherwise each read would drop a template that the same decision needs.
TEMPLATES_KEPT: Final = 8
#: Seconds between two reports about one object (unless `--report-seconds` says otherwise), and
#: between two writes of an Update's new failures: however many instances become ready or fail, each
#: object is written about once a second. Failures are stamped with whole seconds, so this cannot be
#: less for them.
REPORT_EVERY: Final = 1.0
