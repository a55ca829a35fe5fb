"""From crds/*.yaml to templates of the chart, as text, so that nothing is reformatted.

Helm never upgrades what lies in a chart's ``crds`` folder. As templates the CRDs are upgraded with
the release, and ``helm.sh/resource-policy: keep`` leaves them (and so all Jobs) at an uninstall.
"""

from __future__ import annotations

import re
from typing import Final

_BEGIN: Final = """\
{{- /* Generated from crds/ by `make chart`. Do not edit. */}}
{{- if .Values.crds.install }}
"""
_METADATA: Final = """\
  labels:
    {{- include "echelon.labels" . | nindent 4 }}
  {{- with include "echelon.crdAnnotations" . | trim }}
  annotations:
    {{- . | nindent 4 }}
  {{- end }}
"""
_END: Final = "{{- end }}\n"
_NAME: Final = re.compile(r"(?m)^metadata:\n  name: \S+\n(?=\S)")


def template(crd: str) -> str:
    """The chart's template of one CRD. ``ValueError`` when its metadata hold more than a name."""
    body = re.sub(r"\A(#.*\n)+", "", crd).replace("{{", '{{ "{{" }}')
    body, count = _NAME.subn(lambda found: found[0] + _METADATA, body)
    if count != 1:
        raise ValueError("the CRD's metadata should hold its name and nothing else")
    return _BEGIN + body + _END
