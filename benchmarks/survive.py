"""What users notice when parts of a large site die: run the tests, keep the figures.

python benchmarks/survive.py [--quick] [--changes 2000]
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import machine
from peers import REPOSITORY
from runs import RESULTS


def main() -> None:
    parser = argparse.ArgumentParser(
        description="Kill parts of a large site, and count what users notice."
    )
    parser.add_argument("--changes", type=int, default=2_000, help="of routes")
    parser.add_argument(
        "--quick", action="store_true", help="few changes; nothing is written"
    )
    options = parser.parse_args()
    if options.quick:
        options.changes = 80
    with TemporaryDirectory() as folder:
        figures = Path(folder) / "figures.json"
        passed = run_tests(figures, options.changes)
        scenarios = json.loads(figures.read_text()) if figures.exists() else {}
    print(json.dumps(scenarios, indent=1))
    if not options.quick:
        report = {
            "machine": machine.describe([]),
            "how": {"changes": options.changes, "runs": 1},
            "scenarios": scenarios,
        }
        (RESULTS / "survive.json").write_text(json.dumps(report, indent=1) + "\n")
    if not passed:
        sys.exit("not all survived; see above")


def run_tests(figures: Path, changes: int) -> bool:
    tests = [sys.executable, "-m", "pytest", "-n0", "-q", "tests/proxy/survive"]
    environment = {"SURVIVE_FIGURES": str(figures), "SURVIVE_CHANGES": str(changes)}
    outcome = subprocess.run(
        tests,
        cwd=REPOSITORY,
        env={**os.environ, **environment},
        stdout=sys.stderr,
        check=False,
    )
    return outcome.returncode == 0


if __name__ == "__main__":
    main()
