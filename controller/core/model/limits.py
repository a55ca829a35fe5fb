"""Numbers that decisions and those who carry them out must agree on."""

from __future__ import annotations

from typing import Final

#: How many templates of older revisions are compared for one purpose, at most.
TEMPLATES_COMPARED: Final = 8
#: How many the store keeps for decisions, at most. A decision has several purposes: what the pods
#: are, what the next Update changes and how, what is known bad. If it needed more templates than
#: are kept, each read would drop one that the same decision needs.
TEMPLATES_KEPT: Final = 4 * TEMPLATES_COMPARED
#: Seconds between two reports about one object (unless `--report-seconds` says otherwise), and
#: between two writes of an Update's new failures: however many instances become ready or fail, each
#: object is written about once a second. Failures are stamped with whole seconds, so this cannot be
#: less for them.
REPORT_EVERY: Final = 1.0
