"""What to look at, as small shell scripts, and what their ends mean.

A script is fixed text. The path is its first argument and is only ever used as
"$1", so whatever is in it stays a path. All tests are the shell's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .base import Verdict

TIMED_OUT = "It could not be checked: no answer in time."


@dataclass(frozen=True)
class Probe:
    """A script, and what each of its exit statuses means."""

    script: str
    ends: Mapping[int, str]
    good: str

    def command(self, path: str) -> list[str]:
        return ["/bin/sh", "-c", self.script, "sh", path]

    def verdict(self, status: int | None, errors: str) -> Verdict:
        if status == 0:
            return Verdict(True, self.good)
        if status is not None and status in self.ends:
            return Verdict(False, self.ends[status])
        first = errors.strip().splitlines()[:1]
        reason = first[0][:200] if first else f"exit status {status}"
        return Verdict(False, f"It could not be checked: {reason}")


CONDA = Probe(
    script="""
test -d "$1" || exit 10
for server in jupyter-labhub jupyterhub-singleuser; do
  test -f "$1/bin/$server" && test -x "$1/bin/$server" && exit 0
done
exit 11
""",
    ends={
        10: "There is no such folder.",
        11: "It has no executable bin/jupyter-labhub or bin/jupyterhub-singleuser:"
        " install jupyterhub and jupyterlab in it.",
    },
    good="The environment can start a server.",
)
SCRIPT = Probe(
    script="""
test -e "$1" || exit 10
test -f "$1" || exit 11
test -r "$1" || exit 12
test -x "$1" || exit 13
first=
IFS= read -r first < "$1" 2>/dev/null
case $first in
  *"$(printf '\\r')") exit 15 ;;
  '#!/'*|'#! /'*) ;;
  *) exit 14 ;;
esac
interpreter=${first#??}
interpreter=${interpreter# }
interpreter=${interpreter%% *}
test -x "$interpreter" || exit 16
""",
    ends={
        10: "There is no such file.",
        11: "It is not a file.",
        12: "It cannot be read.",
        13: "It is not executable: chmod +x helps.",
        14: "Its first line names no interpreter: begin with #!/bin/bash.",
        15: "Its lines end as on Windows: convert it, for instance with dos2unix.",
        16: "The interpreter in its first line does not exist.",
    },
    good="The script can be run.",
)
EXECUTABLE = Probe(
    script="""
test -e "$1" || exit 10
test -f "$1" || exit 11
test -x "$1" || exit 13
""",
    ends={key: SCRIPT.ends[key] for key in (10, 11, 13)},
    good="The program can be run.",
)
PROBES = {"conda": CONDA, "script": SCRIPT, "executable": EXECUTABLE}


def find_fault(path: str, entrypoint_type: str) -> Verdict | None:
    """What is wrong before anyone looks at a disk."""
    if entrypoint_type not in PROBES:
        return Verdict(None, f"Nobody knows how to check a {entrypoint_type}.")
    if not path.startswith("/") or "\0" in path:
        return Verdict(False, "It is not a whole path: begin with /.")
    return None
