"""Write docs/performance.md and its plots from what was measured.

python benchmarks/report.py
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from statistics import fmean
from typing import Any

import matplotlib as mpl
from contestants import LABELS
from matplotlib.figure import Figure
from runs import RESULTS

# The same figures give the same file.
mpl.rcParams["svg.hashsalt"] = "jupyterhub-suite"

DOCS = Path(__file__).resolve().parents[1] / "docs"
Medians = dict[str, dict[str, float]]

PEER_OF = {"file": "peer-file", "etcd": "peer-etcd", "redis": "peer-redis"}
OURS_COLOUR, PEER_COLOUR, CHP_COLOUR = "#1b7f5c", "#b5651d", "#4466aa"

# What is measured, its heading, and how to write a figure of it.
ROUTES = [
    ("add", "1,000 added at once", "seconds"),
    ("add_many", "10,000 added at once", "seconds"),
    ("one_with_10", "one, when 10 exist", "milliseconds"),
    ("one", "one, when 1,000 exist", "milliseconds"),
    ("delete", "1,000 deleted at once", "seconds"),
    ("list", "`get_all_routes` of 1,000", "milliseconds"),
    ("cpu", "the Hub's CPU for 1,000", "seconds"),
]
PLACES = ["first", "middle", "last", "hub"]


def main() -> None:
    written = [
        routes_chapter(read("routes.json")),
        traffic_chapter(read("traffic.json")),
        survive_chapter(read("survive.json")),
    ]
    page = "\n".join([INTRODUCTION, *filter(None, written), HOW_TO])
    (DOCS / "performance.md").write_text(page)


def read(name: str) -> dict[str, Any] | None:
    file = RESULTS / name
    return json.loads(file.read_text()) if file.exists() else None


def routes_chapter(report: dict[str, Any] | None) -> str:
    if not report:
        return ""
    medians: Medians = report["medians"]
    if report["how"]["routes"] != 1_000 or report["how"]["many"] != 10_000:
        raise SystemExit("routes.json was not measured with 1,000 and 10,000 routes")
    plot_routes(medians)
    head = ["", *(heading for _, heading, _ in ROUTES)]
    rows = [
        [LABELS[name], *(written(figures.get(key), unit) for key, _, unit in ROUTES)]
        for name, figures in medians.items()
    ]
    return "\n".join(
        [
            "## Changing routes\n",
            "![seconds to add 1,000 routes](performance-routes.svg)\n",
            *table(head, rows),
            ONE_LASTS,
            *ratios(medians),
            *failures(medians),
            *measured_on(report),
        ]
    )


def ratios(medians: Medians) -> list[str]:
    """How we compare with the peer over the same store."""
    head = ["times faster than jupyterhub-traefik-proxy", "add", "one", "Hub's CPU"]
    rows = [
        [
            LABELS[name],
            *(
                times(medians[name], medians[peer], key)
                for key in ("add", "one", "cpu")
            ),
        ]
        for name, peer in PEER_OF.items()
        if name in medians and peer in medians
    ]
    return [*table(head, rows), ""] if rows else []


def failures(medians: Medians) -> list[str]:
    lines = []
    for name, figures in medians.items():
        failed = sum(v for key, v in figures.items() if key.endswith("_failed"))
        if failed:
            lines.append(f"- {LABELS[name]}: {failed:.0f} changes failed in each run.")
    return [*lines, ""] if lines else []


def traffic_chapter(report: dict[str, Any] | None) -> str:
    if not report:
        return ""
    medians: Medians = report["medians"]
    sizes = [int(size) for size in report["how"]["routes"]]
    plot_traffic(medians, sizes)
    head = ["requests a second", "routes", *PLACES]
    rows = [
        [
            LABELS[name],
            f"{size:,}",
            *(written(figures.get(f"{size}_{p}")) for p in PLACES),
        ]
        for name, figures in medians.items()
        for size in sizes
        if f"{size}_first" in figures
    ]
    rows += [
        [LABELS[name], "", written(figures["direct"]), "", "", ""]
        for name, figures in medians.items()
        if "direct" in figures
    ]
    other = [
        [
            LABELS[name],
            written(figures["body_mib_s"]),
            written(figures["websocket_round_trip"], "microseconds"),
            written(figures["websocket_messages_s"]),
        ]
        for name, figures in medians.items()
    ]
    return "\n".join(
        [
            "## Traffic\n",
            "![requests a second by number of routes](performance-traffic.svg)\n",
            *table(head, rows),
            PLACES_ARE,
            many_routes(medians, sizes),
            *table(
                [
                    "",
                    "bodies of 10 MiB, MiB/s",
                    "a WebSocket round trip",
                    "WebSocket messages/s, 50 open",
                ],
                other,
            ),
            WEBSOCKETS_ARE,
            *measured_on(report),
        ]
    )


def many_routes(medians: Medians, sizes: list[int]) -> str:
    """What many routes cost us, and how we compare with CHP then: the mean of places."""
    few, many = (f"{size}_{{}}" for size in (min(sizes), max(sizes)))
    ours, chp = medians["file"], medians["chp"]
    kept = fmean(ours[many.format(p)] / ours[few.format(p)] for p in PLACES)
    faster = fmean(ours[many.format(p)] / chp[many.format(p)] for p in PLACES)
    return (
        f"With {max(sizes):,} routes ours does {kept:.0%} of what it does with "
        f"{min(sizes)}, and {faster:.1f} times as much as {LABELS['chp']}.\n"
    )


def survive_chapter(report: dict[str, Any] | None) -> str:
    if not report:
        return ""
    rows = [
        [
            name,
            written(each["requests"]),
            written(each["untouched_failed"]),
            written(each["websockets_closed"]),
            written(each["changes"]),
            written(each["changes_failed"]),
            written(each["missing"] + each["left_over"]),
            written(each["slowest_change"], "seconds"),
        ]
        for name, each in report["scenarios"].items()
    ]
    head = [
        "what is done to it",
        "requests on untouched replicas",
        "of them failed",
        "their WebSockets closed",
        "route changes",
        "of them asked for again",
        "routes missing or left over",
        "slowest change",
    ]
    return "\n".join(
        [
            "## Surviving\n",
            UNDER_LOAD,
            *table(head, rows),
            "",
            *measured_on(report),
        ]
    )


def plot_routes(medians: Medians) -> None:
    names = [name for name in medians if "add" in medians[name]]
    figure = Figure(figsize=(8, 0.45 * len(names) + 1))
    axes = figure.subplots()
    values = [medians[name]["add"] for name in names]
    bars = axes.barh([LABELS[n] for n in names], values, color=[*map(colour, names)])
    axes.bar_label(bars, [f"{value:.3g} s" for value in values], padding=3)
    axes.set_xscale("log")
    axes.margins(x=0.2)
    axes.invert_yaxis()
    axes.set_xlabel("seconds to add 1,000 routes at once (logarithmic)")
    save(figure, "performance-routes.svg")


def plot_traffic(medians: Medians, sizes: list[int]) -> None:
    figure = Figure(figsize=(8, 4))
    axes = figure.subplots()
    for name, figures in medians.items():
        points = [(size, figures.get(f"{size}_last")) for size in sizes]
        known = [(size, value) for size, value in points if value is not None]
        if known:
            axes.plot(
                *zip(*known, strict=True), "o-", label=LABELS[name], color=colour(name)
            )
    axes.set_xscale("log")
    axes.set_ylim(bottom=0)
    axes.set_xlabel("routes")
    axes.set_ylabel("requests a second, to the last route")
    axes.legend()
    save(figure, "performance-traffic.svg")


def save(figure: Figure, name: str) -> None:
    figure.tight_layout()
    figure.savefig(DOCS / name, metadata={"Date": None})


def colour(name: str) -> str:
    if name == "chp":
        return CHP_COLOUR
    return PEER_COLOUR if name.startswith("peer-") else OURS_COLOUR


def table(head: list[str], rows: Iterable[list[str]]) -> list[str]:
    rule = ["---", *("---:" for _ in head[1:])]
    return [f"| {' | '.join(row)} |" for row in (head, rule, *rows)]


def three_digits(value: float) -> str:
    return f"{value:.3g}" if value < 100 else f"{value:,.0f}"


UNITS: dict[str, Callable[[float], str]] = {
    "": lambda value: f"{value:,.0f}",
    "seconds": lambda value: f"{three_digits(value)} s",
    "milliseconds": lambda value: f"{three_digits(value * 1e3)} ms",
    "microseconds": lambda value: f"{value * 1e6:.0f} µs",
}


def written(value: float | None, unit: str = "") -> str:
    return "-" if value is None else UNITS[unit](value)


def times(ours: dict[str, float], theirs: dict[str, float], key: str) -> str:
    return f"{theirs[key] / ours[key]:,.0f} times"


def measured_on(report: dict[str, Any]) -> list[str]:
    machine, how = report["machine"], report["how"]
    versions = ", ".join(f"{k} {v}" for k, v in machine["versions"].items())
    settings = ", ".join(f"{k}: {plainly(v)}" for k, v in how.items())
    loads = [run["load"] for runs in report.get("runs", {}).values() for run in runs]
    noise = (
        f" Load average during the runs: {min(loads)} to {max(loads)}." if loads else ""
    )
    where = f"{machine['cores']} cores ({machine['processor']})"
    what = f"{machine['memory_gib']} GiB, {machine['system']}; {versions}"
    when = machine["measured"]
    return [f"Measured {when} on {where}, {what}. Medians; {settings}.{noise}\n"]


def plainly(setting: Any) -> str:
    if isinstance(setting, dict):
        return ", ".join(f"{LABELS.get(k, k)} {v}" for k, v in setting.items())
    return (
        " and ".join(map(str, setting)) if isinstance(setting, list) else str(setting)
    )


ONE_LASTS = """
“One” lasts until the route answers through the proxy. The peers were not asked for
10,000.
"""

PLACES_ARE = """
`first`, `middle` and `last` are routes of users, `hub` is the default route.
"""

WEBSOCKETS_ARE = """
The WebSocket client and echo are Python: where many are open, they, not the proxies,
are what is slow.
"""

UNDER_LOAD = """\
Under load (some 300 requests a second, 50 open WebSockets through two Traefik replicas
behind a TCP balancer) and while routes change:
"""

INTRODUCTION = """\
# Performance

What counts is the ratio between two rows of one table: everybody ran in turn on one
machine. `benchmarks/report.py` writes this page from `benchmarks/results/`.
"""

HOW_TO = """\
## Measuring it yourself

```console
$ pip install -e ".[traefik,redis]" --group benchmark
$ apt-get install etcd-server redis-server nginx wrk   # and Node.js with npm
$ python benchmarks/routes.py      # half an hour: the peers need minutes for each run
$ python benchmarks/traffic.py
$ python benchmarks/survive.py
$ python benchmarks/report.py
```

Each takes `--help`, `--quick` (to see that it works) and `--only file,chp`. The peers
are installed into `.cache`, jupyterhub-traefik-proxy into an environment of its own.
A Hub's process is really one: JupyterHub's application starts the proxy class in it,
and its CPU time is its own. Users' servers are one nginx, which costs next to nothing.
"""

if __name__ == "__main__":
    main()
