"""Pictures drawn on the server: they need no JavaScript, and no style of their own.

Colours are classes, so that they follow the page into dark mode. What a picture
shows is also said in words, for those who cannot see it.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from markupsafe import Markup, escape

from .model import Code, Result
from .summary import Day

BAR, GAP, HEIGHT, SHORTER = 7, 2, 32, 8
WIDTH = 420


def day_bars(days: Sequence[Day]) -> Markup:
    """A bar for each day, in the colour of the worst that it saw."""
    width = len(days) * (BAR + GAP) - GAP
    bars = "".join(
        day_bar(day, number * (BAR + GAP)) for number, day in enumerate(days)
    )
    label = escape(f"{len(days)} days up to {days[-1].day}" if days else "no days")
    return Markup(
        f'<svg class="status-days" viewBox="0 0 {width} {HEIGHT}" role="img"'
        f' aria-label="{label}" preserveAspectRatio="none">{bars}</svg>'
    )


# Of a year's days only today's changes: the others are drawn once.
@lru_cache(maxsize=4096)
def day_bar(day: Day, x: int) -> str:
    colour = f"is-{day.code.name.lower()}" if day.code is not None else "is-empty"
    words = escape(f"{day.day}: {in_words(day)}")
    # A day on which something failed stands out, also for who sees no red.
    top = 0 if day.code not in (None, Code.OK) else SHORTER
    return (
        f'<rect class="{colour}" x="{x}" y="{top}" width="{BAR}"'
        f' height="{HEIGHT - top}" rx="1.5">'
        f"<title>{words}</title></rect>"
    )


def in_words(day: Day) -> str:
    counts = {
        "OK": day.ok,
        "WARNING": day.warning,
        "CRITICAL": day.critical,
        "UNKNOWN": day.unknown,
        "failed in maintenance": day.maintenance,
    }
    seen = [f"{count} {name}" for name, count in counts.items() if count]
    return ", ".join(seen) or "no results"


def stage_chart(results: Sequence[Result]) -> Markup:
    """The last run's stages under each other, each as long as it took.

    A mark shows the median of the runs before, so that one sees what is slow today.
    """
    if not results or not results[0].stages:
        return Markup("")
    stages = results[0].stages
    medians = stage_medians(results[1:])
    shown = [
        *(stage.seconds for stage in stages),
        *(medians.get(s.name, 0) for s in stages),
    ]
    scale = (WIDTH - 190) / (max(shown) or 1)
    rows = "".join(
        stage_row(number, stage.name, stage.seconds, stage.failed, medians, scale)
        for number, stage in enumerate(stages)
    )
    words = escape(", ".join(f"{s.name} {s.seconds:.2f} s" for s in stages))
    return Markup(
        f'<svg class="status-stages" viewBox="0 0 {WIDTH} {len(stages) * 22}" role="img"'
        f' aria-label="{words}">{rows}</svg>'
    )


def stage_row(
    number: int,
    name: str,
    seconds: float,
    failed: bool,
    medians: dict[str, float],
    scale: float,
) -> str:
    top = number * 22
    length = max(seconds * scale, 1)
    colour = "is-critical" if failed else "is-ok"
    median = medians.get(name)
    mark = ""
    if median is not None:
        x = 90 + median * scale
        mark = (
            f'<line class="status-median" x1="{x:.1f}" x2="{x:.1f}"'
            f' y1="{top + 2}" y2="{top + 20}">'
            f"<title>median before: {median:.2f} s</title></line>"
        )
    said = f"{seconds:.2f} s" + (" failed" if failed else "")
    return (
        f'<text class="status-label" x="84" y="{top + 15}" text-anchor="end">'
        f"{escape(name)}</text>"
        f'<rect class="{colour}" x="90" y="{top + 4}" width="{length:.1f}"'
        f' height="14" rx="2"/>{mark}'
        f'<text class="status-label" x="{WIDTH - 4}" y="{top + 15}" text-anchor="end">'
        f"{escape(said)}</text>"
    )


def stage_medians(results: Sequence[Result]) -> dict[str, float]:
    seen: dict[str, list[float]] = {}
    for result in results:
        for stage in result.stages:
            if not stage.failed:
                seen.setdefault(stage.name, []).append(stage.seconds)
    return {name: sorted(times)[len(times) // 2] for name, times in seen.items()}
