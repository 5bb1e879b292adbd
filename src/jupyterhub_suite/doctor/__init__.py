"""`jupyterhub-suite doctor`: what is well, what is not, and what to do about it.

It only looks: it starts nothing and writes nothing.

subject     what is looked at
checks      what is looked for
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator
from dataclasses import asdict

from ..services.errors import SuiteError
from .checks import CHECKS, FAIL, Finding
from .subject import Subject, load_configuration


def examine(subject: Subject) -> Iterator[Finding]:
    for check in CHECKS:
        yield from check(subject)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(
        "jupyterhub-suite doctor",
        description="Check this installation, the Hub and the services."
        " The token to ask the Hub with comes from $JUPYTERHUB_API_TOKEN.",
    )
    parser.add_argument("-f", "--config", default="", help="the Hub's configuration")
    parser.add_argument(
        "--api-url",
        default=os.environ.get("JUPYTERHUB_API_URL", ""),
        help="the Hub's API, if it is not where the configuration says",
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args(arguments)
    try:
        subject = Subject(
            config=load_configuration(options.config),
            token=os.environ.get("JUPYTERHUB_API_TOKEN", ""),
            api_url=options.api_url,
        )
    except SuiteError as error:
        sys.stderr.write(f"jupyterhub-suite doctor: {error}\n")
        return 2
    findings = list(examine(subject))
    if options.json:
        sys.stdout.write(json.dumps([asdict(found) for found in findings]) + "\n")
    else:
        sys.stdout.writelines(f"{found}\n" for found in findings)
    return 1 if any(found.level == FAIL for found in findings) else 0
