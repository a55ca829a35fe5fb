"""Converts crds/*.yaml to templates of the chart. Works on the text, to keep the formatting.

Helm never upgrades files in a chart's ``crds`` folder. Templates are upgraded with the release, and
``helm.sh/resource-policy: keep`` keeps the CRDs (and so all Jobs) at an uninstall.
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
    """The chart's template of one CRD. Raises ``ValueError`` if its metadata is not just a name."""
    body = re.sub(r"\A(#.*\n)+", "", crd).replace("{{", '{{ "{{" }}')
    body, count = _NAME.subn(lambda found: found[0] + _METADATA, body)
    if count != 1:
        raise ValueError("the metadata of the CRD must have a name and no other field")
    return _BEGIN + body + _END
