"""What is worth telling somebody, of what happened. Decided here, sent by outbox."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .incidents import Change, Incident, Step
from .summary import duration, iso


@dataclass(frozen=True)
class Message:
    """What is told: `event` is failed, worse, reminder or recovered."""

    event: str
    check: str
    code: str
    msg: str
    begin: str
    end: str | None
    text: str


def event_of(step: Step, now: float, reminder: float, maintenance: bool) -> str | None:
    """What to tell of a step, if anything.

    Maintenance is silent: what still fails after it is told then. Who was told of
    a beginning is told of the end, whenever that is.
    """
    told = step.incident.notified
    if step.change is Change.ENDED:
        return "recovered" if told is not None else None
    if maintenance:
        return None
    if told is None:
        return "failed"
    if step.change is Change.WORSENED:
        return "worse"
    return "reminder" if reminder and now - told >= reminder else None


def message(event: str, incident: Incident, title: str, msg: str) -> Message:
    return Message(
        event=event,
        check=incident.check,
        code="OK" if event == "recovered" else incident.code.name,
        msg=msg,
        begin=iso(incident.begin),
        end=iso(incident.end) if incident.end is not None else None,
        text=in_words(event, incident, title, msg),
    )


def in_words(event: str, incident: Incident, title: str, msg: str) -> str:
    if event == "recovered":
        lasted = duration((incident.end or incident.begin) - incident.begin)
        return f"{title} works again, after {lasted}: {msg}"
    lead = {"failed": "fails", "worse": "got worse", "reminder": "still fails"}
    return f"{title} {lead[event]} ({incident.code.name}): {msg}"


def slack(message: dict[str, Any]) -> dict[str, str]:
    """As Slack and Mattermost take it; &, < and > would be markup there."""
    text = message["text"]
    for char, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
        text = text.replace(char, entity)
    return {"text": text}
