"""Results and states as JSON."""

from __future__ import annotations

from typing import Any

from .history import CheckHistory, Overview
from .incidents import Incident
from .model import Result
from .notices import Notice
from .summary import State, iso


def overview_json(overview: Overview, with_details: bool) -> dict[str, Any]:
    """`time`, `code` and `msg` as EGI's monitoring has them; then the rest."""
    times = [state.time for state in overview.states if state.time is not None]
    return {
        "time": iso(min(times)) if times else None,
        "code": overview.code.name,
        "msg": overview.msg,
        "checks": [check_json(check, with_details) for check in overview.checks],
        "incidents": [incident_json(incident) for incident in overview.incidents],
        "notices": [notice_json(n) for n in overview.notices if not n.withdrawn],
    }


def check_json(check: CheckHistory, with_details: bool) -> dict[str, Any]:
    return {
        **state_json(check.state, with_details),
        "uptime": {f"{days}d": check.uptime(days) for days in (1, 7, 30, 90)},
    }


def state_json(state: State, with_details: bool) -> dict[str, Any]:
    return {
        "name": state.check.name,
        "title": state.check.title,
        "kind": state.check.kind,
        "interval": state.check.interval,
        "code": state.code.name,
        "msg": state.msg,
        "time": iso(state.time) if state.time is not None else None,
        "last": result_json(state.result, with_details) if state.result else None,
    }


def result_json(result: Result, with_details: bool) -> dict[str, Any]:
    return {
        "time": iso(result.time),
        "seconds": round(result.seconds, 3),
        "code": result.code.name,
        "msg": result.msg,
        "stages": [
            {
                "name": stage.name,
                "seconds": round(stage.seconds, 3),
                "failed": stage.failed,
            }
            for stage in result.stages
        ],
        "numbers": dict(result.numbers),
        # What a spawner says on its way is for the operator.
        **({"details": list(result.details)} if with_details else {}),
    }


def incident_json(incident: Incident) -> dict[str, Any]:
    return {
        "id": incident.id,
        "check": incident.check,
        "begin": iso(incident.begin),
        "end": iso(incident.end) if incident.end is not None else None,
        "code": incident.code.name,
        "reason": incident.reason,
    }


def notice_json(notice: Notice) -> dict[str, Any]:
    return {
        **vars(notice),
        "begin": iso(notice.begin),
        "end": iso(notice.end) if notice.end is not None else None,
        "changed": iso(notice.changed),
    }
