"""What others take from here: an Atom feed of incidents, and a badge."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree.ElementTree import Element, SubElement, tostring

from markupsafe import Markup, escape

from .incidents import Incident
from .model import Code
from .summary import duration, iso

ATOM = "http://www.w3.org/2005/Atom"
COLOURS = {
    Code.OK: "#2e7d32",
    Code.WARNING: "#8a5a00",
    Code.CRITICAL: "#b3261e",
    Code.UNKNOWN: "#5f6368",
}
BADGE_WORDS = {
    Code.OK: "works",
    Code.WARNING: "works, with faults",
    Code.CRITICAL: "does not work",
    Code.UNKNOWN: "unknown",
}


def atom(incidents: Sequence[Incident], title: str, url: str, now: float) -> bytes:
    """Incidents as a feed; each keeps its name when it ends, so readers see it move."""
    feed = Element("feed", xmlns=ATOM)
    SubElement(feed, "title").text = title
    SubElement(feed, "id").text = url
    SubElement(feed, "link", rel="alternate", href=url)
    SubElement(feed, "link", rel="self", href=f"{url}feed.atom")
    newest = max((changed(incident) for incident in incidents), default=now)
    SubElement(feed, "updated").text = iso(newest)
    author = SubElement(feed, "author")
    SubElement(author, "name").text = title
    for incident in incidents:
        add_entry(feed, incident, url)
    return tostring(feed, encoding="utf-8", xml_declaration=True)


def add_entry(feed: Element, incident: Incident, url: str) -> None:
    entry = SubElement(feed, "entry")
    SubElement(entry, "id").text = f"{url}api/incidents#{incident.id}"
    SubElement(entry, "link", rel="alternate", href=url)
    SubElement(entry, "title").text = f"{incident.check}: {incident.code.name}"
    SubElement(entry, "published").text = iso(incident.begin)
    SubElement(entry, "updated").text = iso(changed(incident))
    SubElement(entry, "content", type="text").text = printable(in_words(incident))


def printable(text: str) -> str:
    """Without what XML cannot hold, however it is written."""
    return "".join(c for c in text if c >= " " or c in "\t\n")


def changed(incident: Incident) -> float:
    return incident.begin if incident.end is None else incident.end


def in_words(incident: Incident) -> str:
    if incident.end is None:
        return f"Since {iso(incident.begin)}: {incident.reason}"
    lasted = duration(incident.end - incident.begin)
    return f"Ended {iso(incident.end)} after {lasted}: {incident.reason}"


def badge(label: str, code: Code) -> Markup:
    """A small picture for other pages: what it is, and how it is."""
    words = BADGE_WORDS[code]
    left, right = 12 + 7 * len(label), 12 + 7 * len(words)
    width = left + right
    said = escape(f"{label}: {words}")
    return Markup(
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="20"'
        f' role="img" aria-label="{said}"><title>{said}</title>'
        f'<rect width="{width}" height="20" rx="3" fill="#444"/>'
        f'<path d="M{left} 0h{right - 3}a3 3 0 0 1 3 3v14a3 3 0 0 1-3 3H{left}z"'
        f' fill="{COLOURS[code]}"/>'
        '<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11"'
        ' text-anchor="middle">'
        f'<text x="{left / 2}" y="14">{escape(label)}</text>'
        f'<text x="{left + right / 2}" y="14">{words}</text></g></svg>'
    )
