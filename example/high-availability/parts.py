"""The parts on this machine: their programs, their folders, what each is told.

No secret is on a command line, where everybody on the machine could read it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from glob import glob
from pathlib import Path
from typing import Any

import make_secrets
import yaml
from places import Places

HERE = Path(__file__).resolve().parent
RULES = HERE.parent.parent / "deploy" / "prometheus"
# Programs, and the Debian packages that have them.
PROGRAMS = {
    "etcd": "etcd-server",
    "haproxy": "haproxy",
    "postgres": "postgresql",
    "prometheus": "prometheus",
}
# Where Debian keeps what is not on everybody's PATH.
FOLDERS = [
    str(Path(sys.executable).parent),
    *os.environ.get("PATH", os.defpath).split(os.pathsep),
    "/usr/sbin",
    *sorted(glob("/usr/lib/postgresql/*/bin"), reverse=True),
]


@dataclass(frozen=True)
class Part:
    name: str
    command: list[str]
    env: Mapping[str, str] = field(default_factory=dict)


def program(name: str) -> str:
    return shutil.which(name, path=os.pathsep.join(FOLDERS)) or ""


def refuse_if_missing() -> None:
    missing = [package for name, package in PROGRAMS.items() if not program(name)]
    if missing:
        raise ValueError(
            f"not installed: {', '.join(missing)}."
            f" As root: apt-get install {' '.join(missing)}"
        )
    if not program("traefik"):
        raise ValueError("traefik is not installed: make environment")


class Parts:
    """All of them, in a folder that is theirs alone."""

    def __init__(self, folder: Path, places: Places) -> None:
        self.folder, self.places = folder, places
        self.secrets = folder / "secrets"

    def prepare(self) -> None:
        """Secrets, and the files beside this one with the places of this machine."""
        make_secrets.make(self.secrets)
        for reader in ("prometheus", "services"):
            make_secrets.copy_for(reader, os.getuid(), self.secrets)
        for file in [*HERE.glob("*_config.py"), *HERE.glob("*.yml")]:
            self._copy(file)
        self._copy(HERE / "haproxy.cfg")
        self.folder.joinpath("rules").symlink_to(RULES)
        self._configure_traefiks()

    def _copy(self, file: Path) -> None:
        text = self.places.here(file.read_text())
        self.folder.joinpath(file.name).write_text(text)

    def _configure_traefiks(self) -> None:
        """One static configuration, but on one machine each needs ports of its own."""
        printed = subprocess.run(
            [sys.executable, "-m", "jupyterhub_suite", "traefik-config"],
            cwd=self.folder,
            env={**os.environ, **self.env()},
            check=False,
            capture_output=True,
            text=True,
        )
        if printed.returncode:
            raise ValueError(f"traefik-config: {printed.stderr.strip()}")
        static = yaml.safe_load(printed.stdout)
        for name in ("traefik-1", "traefik-2"):
            entries: dict[str, Any] = static["entryPoints"]
            entries["http"]["address"] = self.places[f"{name}:8000"]
            entries["auth_api"]["address"] = self.places[f"{name}:8099"]
            file = self.folder / f"{name}.yml"
            file.write_text(yaml.safe_dump(static))

    def env(self) -> dict[str, str]:
        return {"PATH": os.pathsep.join(FOLDERS), "SECRETS": str(self.secrets)}

    def stages(self) -> Iterator[list[Part]]:
        """Each is started when the one before is up."""
        yield [
            Part("balancer", [program("haproxy"), "-db", "-f", "haproxy.cfg"]),
            *(self._etcd(number) for number in (1, 2, 3)),
            self._postgres(),
        ]
        yield [
            Part("hub", [sys.executable, "-m", "jupyterhub"], self.env()),
            *(self._service("entrypoint", number, 10101) for number in (1, 2)),
            *(self._service("status", number, 10102) for number in (1, 2)),
            self._prometheus(),
        ]
        # Before the Hub has first written routes, a Traefik finds nothing, and waits.
        yield [self._traefik(number) for number in (1, 2)]

    def _etcd(self, number: int) -> Part:
        name = f"etcd-{number}"
        client = f"http://{self.places[f'{name}:2379']}"
        peer = f"http://{self.places[f'{name}:2380']}"
        members = ",".join(
            f"etcd-{n}=http://{self.places[f'etcd-{n}:2380']}" for n in (1, 2, 3)
        )
        command = [
            program("etcd"),
            f"--name={name}",
            f"--data-dir={name}.data",
            f"--listen-client-urls={client}",
            f"--advertise-client-urls={client}",
            f"--listen-peer-urls={peer}",
            f"--initial-advertise-peer-urls={peer}",
            f"--initial-cluster={members}",
            "--logger=zap",
            "--log-level=warn",
        ]
        return Part(name, command)

    def _traefik(self, number: int) -> Part:
        name = f"traefik-{number}"
        return Part(name, [program("traefik"), f"--configfile={name}.yml"])

    def _service(self, name: str, number: int, port: int) -> Part:
        url = f"http://{self.places[f'{name}-{number}:{port}']}"
        command = [sys.executable, "-m", f"jupyterhub_suite.services.{name}"]
        own = {
            "SECRETS": str(self.secrets / "services"),
            "JUPYTERHUB_SERVICE_URL": url,
        }
        return Part(f"{name}-{number}", command, {**self.env(), **own})

    def _prometheus(self) -> Part:
        command = [
            program("prometheus"),
            "--config.file=prometheus.yml",
            "--storage.tsdb.path=prometheus.data",
            f"--web.listen-address={self.places['prometheus:9090']}",
            "--log.level=warn",
        ]
        return Part("prometheus", command)

    # PostgreSQL refuses to run as root, and another user may not get to our folder.

    def _postgres(self) -> Part:
        data = self._data_folder()
        self._initialize(data)
        settings = {
            "port": self.places.port("postgres:5432"),
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
        }
        options = [word for k, v in settings.items() for word in ("-c", f"{k}={v}")]
        command = [*as_postgres(), program("postgres"), "-D", str(data), *options]
        return Part("postgres", command)

    def _data_folder(self) -> Path:
        if os.getuid() != 0:
            return self.folder / "postgres.data"
        own = Path(tempfile.mkdtemp(prefix="demo-ha-postgresql-"))
        shutil.chown(own, "postgres", "postgres")
        self.folder.joinpath("postgres.data").symlink_to(own)
        return own

    def _initialize(self, data: Path) -> None:
        password = (self.secrets / "database-password").read_text()
        run_as_postgres(
            [
                str(Path(program("postgres")).resolve().with_name("initdb")),
                *("-D", str(data), "-U", "jupyterhub", "--encoding=UTF8"),
                *("--auth-host=scram-sha-256", "--auth-local=reject", "--no-locale"),
            ]
        )
        run_as_postgres(
            [program("postgres"), "--single", "-D", str(data), "postgres"],
            f"ALTER ROLE jupyterhub PASSWORD '{password}'\n"
            "CREATE DATABASE jupyterhub\n",
        )

    def clean_up(self) -> None:
        """What would be taken for a run's, and what of it is not in the folder."""
        for file in self.folder.glob("*.pid"):
            file.unlink()
        link = self.folder / "postgres.data"
        if link.is_symlink():
            shutil.rmtree(link.readlink(), ignore_errors=True)


def as_postgres() -> list[str]:
    if os.getuid() != 0:
        return []
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"]


def run_as_postgres(command: list[str], text: str = "") -> None:
    done = subprocess.run(
        [*as_postgres(), *command],
        input=text,
        cwd="/",
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise ValueError(f"{Path(command[0]).name}: {done.stderr.strip()}")
