"""Run everybody in turn, several times, and keep every figure."""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Any

import machine
from contestants import CONTESTANTS, Contestant
from peers import PEERS

RESULTS = Path(__file__).resolve().parent / "results"
Figures = dict[str, float]


def arguments(description: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    parser.add_argument(
        "--only",
        metavar="NAME,…",
        default=",".join(CONTESTANTS),
        help="who is measured",
    )
    parser.add_argument("--runs", type=int, default=3, help="of everybody, in turn")
    parser.add_argument(
        "--peer-runs",
        type=int,
        default=3,
        help="of jupyterhub-traefik-proxy, which needs minutes for each",
    )
    parser.add_argument(
        "--quick",
        action="store_true",
        help="one small run that shows that everything works; its figures say nothing "
        "and are not written",
    )
    parser.add_argument("--output", type=Path, help="where the figures are written")
    return parser


def chosen(names: list[str]) -> list[Contestant]:
    unknown = set(names) - set(CONTESTANTS)
    if unknown:
        sys.exit(f"--only: {unknown} is none of {', '.join(CONTESTANTS)}")
    contestants = [CONTESTANTS[name] for name in names]
    if "chp" in names:
        PEERS["chp"]()
    if any(name.startswith("peer-") for name in names):
        PEERS["traefik-proxy"]()
    return contestants


def turns(names: Iterable[str], options: argparse.Namespace) -> list[str]:
    """Everybody's first run, then everybody's second: noise falls on all alike."""
    limits = dict.fromkeys(names, options.runs)
    for name in limits:
        if name.startswith("peer-"):
            limits[name] = min(options.runs, options.peer_runs)
    return [
        name for run in range(options.runs) for name in limits if run < limits[name]
    ]


async def interleaved(
    order: list[str], measure: Callable[[str], Awaitable[Figures]]
) -> dict[str, list[Figures]]:
    figures: dict[str, list[Figures]] = {name: [] for name in order}
    for name in order:
        measured = figures[name]
        measured.append({**await measure(name), "load": machine.load()})
        print(
            f"{name}, run {len(measured)}: {_readable(measured[-1])}", file=sys.stderr
        )
    return figures


def medians(figures: list[Figures]) -> Figures:
    names = {name: None for run in figures for name in run}
    return {
        name: statistics.median(run[name] for run in figures if name in run)
        for name in names
    }


def write(
    file: Path,
    contestants: list[Contestant],
    figures: dict[str, list[Figures]],
    **how: Any,
) -> None:
    report = {
        "machine": machine.describe(contestants),
        "how": {
            **how,
            "runs": {name: len(measured) for name, measured in figures.items()},
        },
        "medians": {name: medians(measured) for name, measured in figures.items()},
        "runs": figures,
    }
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(report, indent=1) + "\n")
    print(f"written: {file.name}", file=sys.stderr)


def _readable(figures: Figures) -> str:
    return ", ".join(f"{name} {value:.4g}" for name, value in figures.items())
