"""Does an outside job (a backup, an image build) still report in?

The job reports with POST /services/status/api/heartbeats/NAME and the token of this
check. What it said is this check's memo.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from ..model import Code, Finding
from .base import Check, Journal, Site

# What a job may say of itself; a bare POST means that all went well.
REPORT = {
    "type": "object",
    "properties": {
        "code": {"enum": [code.name for code in Code]},
        "msg": {"type": "string", "maxLength": 300},
    },
    "additionalProperties": False,
}


def judge_report(report: Mapping[str, Any], now: float, patience: float) -> Finding:
    """What the last report is worth now: silence is a failure."""
    if "time" not in report:
        return Finding(Code.UNKNOWN, "The job has never reported in")
    silence = now - report["time"]
    if silence > patience:
        msg = f"The job is silent for {silence:.0f} s, more than {patience:g} s"
        return Finding(Code.CRITICAL, msg, {"silence": round(silence)})
    said = report["msg"] or "The job reported in"
    return Finding(Code[report["code"]], said, {"silence": round(silence)})


class HeartbeatCheck(Check):
    kind = "heartbeat"
    options = {
        "token": {"type": "string", "minLength": 16},
        "patience": {"type": "number", "exclusiveMinimum": 0, "default": 86400},
    }
    required = ("token",)

    async def probe(self, site: Site, journal: Journal) -> Finding:
        return judge_report(await site.memo.read(), time.time(), self["patience"])
