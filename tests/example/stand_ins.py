"""Images for the example's other parts, made of this machine's own programs.

No registry is reachable from a test. Each image holds a program with the libraries
that it needs, a shell, and what the official image's entry does for Compose.
"""

from __future__ import annotations

import asyncio
import io
import subprocess
import tarfile
from collections.abc import Sequence
from glob import glob
from pathlib import Path

from tests.harness.docker import Docker
from tests.harness.parts import need
from tests.harness.postgresql import program
from tests.harness.processes import ProcessError

SHELL = ("/bin/sh", "/bin/cat", "/bin/chown", "/bin/mkdir", "/usr/bin/setpriv")
ACCOUNTS = {
    "etc/passwd": "root:x:0:0::/:/bin/sh\npostgres:x:999:999::/:/bin/sh\n",
    "etc/group": "root:x:0:\npostgres:x:999:\n",
    # Names of other containers are looked up as everywhere.
    "etc/nsswitch.conf": "hosts: files dns\n",
    "tmp/.keep": "",
}
# What postgres:15 does: a cluster at the first start, and never as root.
POSTGRES = """\
#!/bin/sh
set -eu
data=/var/lib/postgresql/data/cluster
as="setpriv --reuid=999 --regid=999 --clear-groups"
mkdir -p "$data" && chown 999:999 "$data"
if ! [ -e "$data/PG_VERSION" ]; then
    $as initdb -D "$data" -U "$POSTGRES_USER" --no-locale --encoding=UTF8 \\
        --auth-host=scram-sha-256 --auth-local=reject
    # It reads its password as the account that it runs as.
    password=$($as cat "$POSTGRES_PASSWORD_FILE")
    printf '%s\\n' "ALTER ROLE $POSTGRES_USER PASSWORD '$password'" \\
        "CREATE DATABASE $POSTGRES_USER" | $as postgres --single -D "$data" postgres
    echo "host all all all scram-sha-256" >> "$data/pg_hba.conf"
fi
exec $as postgres -D "$data" -c listen_addresses='*' -c unix_socket_directories=
"""


async def make_all(docker: Docker) -> dict[str, str]:
    """The variables with which compose.yaml is told of them."""
    await asyncio.gather(
        make(docker, "etcd", [need("etcd")]),
        make(docker, "haproxy", [need("haproxy")]),
        make(docker, "traefik", [need("traefik")]),
        make(docker, "prometheus", [need("prometheus")], entry='["prometheus"]'),
        make(
            docker,
            "postgres",
            [program(name) for name in ("postgres", "initdb", "pg_isready")],
            folders=[program("postgres").parents[1], *postgres_data()],
            files={"entry": POSTGRES},
            entry='["sh", "/entry"]',
        ),
    )
    return {
        f"{name.upper()}_IMAGE": f"stand-in:{name}"
        for name in ("etcd", "haproxy", "traefik", "prometheus", "postgres")
    }


def postgres_data() -> list[Path]:
    return [Path(folder) for folder in glob("/usr/share/postgresql/*")]


async def make(
    docker: Docker,
    name: str,
    programs: list[Path],
    folders: Sequence[Path] = (),
    files: dict[str, str] | None = None,
    entry: str = "[]",
) -> None:
    archive = docker.folder / f"{name}.tar"
    await asyncio.to_thread(pack, archive, programs, folders, files or {})
    path = ":".join(
        ["/usr/bin", "/bin", *sorted({str(each.parent) for each in programs})]
    )
    changes = [f"ENV PATH={path}", f"ENTRYPOINT {entry}"]
    options = [word for change in changes for word in ("--change", change)]
    await docker.run("import", *options, str(archive), f"stand-in:{name}")
    archive.unlink()


def pack(
    archive: Path,
    programs: list[Path],
    folders: Sequence[Path],
    files: dict[str, str],
) -> None:
    single = [path for path in programs if not set(path.parents) & set(folders)]
    names = {str(path) for path in (*single, *folders)} | set(SHELL)
    for path in (*programs, *SHELL):
        names |= libraries(str(path))
    with tarfile.open(archive, "w", dereference=True) as packed:
        for each in sorted(names):
            packed.add(each, each.lstrip("/"), filter=without_compiler)
        for each, text in {**ACCOUNTS, **files}.items():
            entry = tarfile.TarInfo(each)
            entry.size, entry.mode = len(text), 0o644
            packed.addfile(entry, io.BytesIO(text.encode()))


def without_compiler(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
    """PostgreSQL does without its compiler of queries, which is half of it."""
    return None if "bitcode" in member.name or "llvmjit" in member.name else member


def libraries(path: str) -> set[str]:
    """What the loader loads for it, and the loader itself; none for a static one."""
    listed = subprocess.run(["ldd", path], check=False, capture_output=True, text=True)
    words = listed.stdout.split()
    if "not" in words and "found" in words:
        raise ProcessError(f"ldd {path}: {listed.stdout}")
    found = {word for word in words if word.startswith("/")}
    # Names are looked up by one that nobody links.
    return found | {
        str(found_beside)
        for lib in found
        if "libc.so" in lib
        for found_beside in Path(lib).parent.glob("libnss_*.so.2")
    }
