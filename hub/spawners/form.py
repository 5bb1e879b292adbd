"""The spawn form: what a user may choose from, as HTML. Nothing here asks anybody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

# A form's field is an id, and an id alone: what it means is looked up later.
FIELD, SYSTEM_FIELD = "entrypoint", "entrypoint_system"
Choices = Sequence[tuple[Mapping[str, str], Sequence[Mapping[str, Any]]]]


def render(choices: Choices, last: str, page: str) -> str:
    """A list of entrypoints under each system, the last choice chosen."""
    groups = "".join(group(system, items, last) for system, items in choices)
    return (
        f'<label class="form-label" for="{FIELD}">Start in</label>'
        f'<select class="form-select" id="{FIELD}" name="{FIELD}">'
        f'<option value="">What is selected on your page of entrypoints</option>'
        f"{groups}</select>"
        f'<div class="form-text"><a href="{escape(page)}">Your entrypoints</a></div>'
    )


def group(
    system: Mapping[str, str], items: Sequence[Mapping[str, Any]], last: str
) -> str:
    options = "".join(option(system["name"], item, last) for item in items)
    return f'<optgroup label="{escape(system["display_name"])}">{options}</optgroup>'


def option(system: str, item: Mapping[str, Any], last: str) -> str:
    value = f"{system} {item['id']}"
    chosen = " selected" if value == last else ""
    marks = "".join(f" ({mark})" for mark in badges(system, item))
    text = escape(f"{item['name']}{marks}")
    return f'<option value="{escape(value)}"{chosen}>{text}</option>'


def badges(system: str, item: Mapping[str, Any]) -> list[str]:
    check = item.get("checks", {}).get(system, {})
    words = {True: "works", False: "fails its check"}
    marks = [words[check["result"]]] if check.get("result") in words else []
    if item.get("public") and item.get("owner"):
        marks.append("published")
    if item.get("groups"):
        marks.append("shared")
    if item.get("deprecated"):
        marks.append("deprecated")
    return marks


def read(form: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """The options out of the form: a system and an id, or nothing."""
    system, space, chosen = (form.get(FIELD) or [""])[0].partition(" ")
    return {SYSTEM_FIELD: system, FIELD: chosen} if space and chosen else {}


def written(options: Mapping[str, Any]) -> str:
    """The form's value for these options, to choose it again."""
    if not options.get(FIELD):
        return ""
    return f"{options.get(SYSTEM_FIELD, '')} {options[FIELD]}"
