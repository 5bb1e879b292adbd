"""A Hub of which every part but itself is there twice, on loopback, as processes.

Everything that it writes is in the folder .demo-ha of the checkout, and new at each
start. A part that ends is started again; example/high-availability/break.sh sees to
it that they do. Ctrl-C ends all of them.

Read on: places (who listens where), parts (what runs), supervisor (how it goes on).
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.append(str(HERE.parent / "quickstart"))

from children import (
    adopt_orphans,
    end_all_children,
    ignore_signals,
    port_number,
    refuse_if_busy,
    say,
    stop_on_signals,
)
from parts import Parts, refuse_if_missing
from places import HIGHEST_OFFSET, Places
from supervisor import Supervisor
from watch import down

FOLDER = HERE.parent.parent / ".demo-ha"
PATIENCE = 120


def main() -> int:
    stop_on_signals()
    try:
        port = port_number(os.environ.get("PORT", "8000"), 65535 - HIGHEST_OFFSET)
        places = Places(port)
        refuse_if_missing()
        for each in places.ports():
            refuse_if_busy(each, f"move all of them: PORT={port + 1000} make demo-ha")
        run(Parts(new_folder(port), places))
    except ValueError as error:
        sys.stderr.write(f"make demo-ha: {error}\n")
        return 1
    except KeyboardInterrupt:
        return 0
    return 1


def new_folder(port: int) -> Path:
    folder = FOLDER / str(port)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700, parents=True)
    return folder


def run(parts: Parts) -> None:
    """All parts, of which nothing is left afterwards."""
    say(f"Starting 13 processes. Their logs: {parts.folder}/*.log")
    adopt_orphans()
    try:
        parts.prepare()
        tend(parts)
    finally:
        ignore_signals()
        say("\nStopping …")
        end_all_children()
        parts.clean_up()


def tend(parts: Parts) -> None:
    supervisor = Supervisor(parts.folder)
    for stage in parts.stages():
        for part in stage:
            supervisor.start(part)
        wait_until_up(supervisor, parts, [part.name for part in stage])
    say(greeting(parts))
    supervisor.tend(lambda: False)


def wait_until_up(supervisor: Supervisor, parts: Parts, names: list[str]) -> None:
    watched = parts.places["balancer:8404"]
    if not supervisor.tend(lambda: not down(watched, names), PATIENCE):
        raise ValueError(
            f"not up after {PATIENCE} seconds: {', '.join(down(watched, names))}."
            f" Their logs: {parts.folder}/*.log"
        )


def greeting(parts: Parts) -> str:
    places = parts.places
    password, admin = (
        (parts.secrets / f"{who}-password").read_text() for who in ("user", "admin")
    )
    return f"""
  JupyterHub is ready:   http://{places["balancer:8000"]}
  How each part is:      http://{places["balancer:8404"]}
  Prometheus:            http://{places["prometheus:9090"]}

  Log in as any user, such as alice    password  {password}
  or as admin                          password  {admin}

  In another terminal, to kill one part after another and count what users notice:

      PORT={places.port("balancer:8000")} example/high-availability/break.sh

  Ctrl-C ends everything.
"""


if __name__ == "__main__":
    sys.exit(main())
