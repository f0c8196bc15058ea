"""How Google's audit log tells of keys that were created."""

import re
from collections.abc import Mapping
from typing import Any

from keyward.google.audit import Creates

_KEY = re.compile(r"/keys/([0-9a-f]{40})$")


def _id_of(payload: Mapping[str, Any]) -> str:
    found = _KEY.search(str((payload.get("response") or {}).get("name", "")))
    return found[1] if found else ""


CREATES = Creates("google.iam.admin.v1.CreateServiceAccountKey", _id_of)
