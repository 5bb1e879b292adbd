"""`make demo-ha` and break.sh: parts die under load, and users notice nothing."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import anyio
import httpx
import pytest
from playwright.async_api import expect

from jupyterhub_suite.ports import free_port
from tests.harness.browser import Browser
from tests.harness.hub import ROOT
from tests.harness.parts import need
from tests.harness.processes import Process, wait_for

from .pictures import VIEW, photograph

HERE = ROOT / "example" / "high-availability"
PARTS = ["etcd", "haproxy", "postgresql", "prometheus", "traefik"]
SCRAPED = {
    *("balancer", "hub", "prometheus"),
    *(f"etcd-{number}" for number in (1, 2, 3)),
    *(f"{name}-{n}" for name in ("entrypoint", "status", "traefik") for n in (1, 2)),
}
# Ports from there on, one after another with gaps (places.py).
SPAN = 35
# Columns of what break.sh prints: part, requests, failed, slowest, closed, moved, back.
ROW = re.compile(
    r"^(\S+) +(\d+) +(\d+) +([\d.]+) s +(\d+) +(\d+) +([\d.]+) s$", re.MULTILINE
)

pytestmark = pytest.mark.xdist_group("high-availability")


class Demo:
    """`make demo-ha` on free ports."""

    def __init__(self, folder: Path) -> None:
        self.port = free_ports(SPAN)
        self.folder = ROOT / ".demo-ha" / str(self.port)
        self.url = f"http://127.0.0.1:{self.port}"
        self.prometheus = f"http://127.0.0.1:{self.port + 1}"
        self.env = {"PORT": str(self.port)}
        command = [sys.executable, str(HERE / "demo.py")]
        self.process = Process("demo", command, folder, env=self.env, grace=40)

    def secret(self, name: str) -> str:
        return (self.folder / "secrets" / name).read_text()

    def run(self, program: str, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [HERE / program, *words],
            check=False,
            capture_output=True,
            text=True,
            env={**os.environ, **self.env},
        )


def free_ports(span: int) -> int:
    """The first of so many that nobody listens at."""
    while True:
        first = free_port()
        with suppress(OSError):
            for port in range(first, first + span):
                refuse_if_taken(port)
            return first


def refuse_if_taken(port: int) -> None:
    with socket.socket() as probe:
        # Connections that have ended do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", port))


@pytest.fixture(scope="module")
async def demo(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Demo]:
    for part in PARTS:
        need(part)
    demo = Demo(tmp_path_factory.mktemp("demo-ha"))
    try:
        async with demo.process as process:
            await process.says("JupyterHub is ready", deadline=120)
            yield demo
    finally:
        shutil.rmtree(demo.folder, ignore_errors=True)


async def test_prometheus_scrapes_every_part(demo: Demo) -> None:
    async with httpx.AsyncClient(trust_env=False) as client:

        async def all_up() -> bool:
            answer = await client.get(
                f"{demo.prometheus}/api/v1/query", params={"query": "up == 1"}
            )
            found = answer.json()["data"]["result"]
            return {each["metric"]["part"] for each in found} == SCRAPED

        await wait_for(all_up, what=f"all of {sorted(SCRAPED)} up")


async def test_its_pages_show_every_part_well(demo: Demo, browser: Browser) -> None:
    # Two pages: the balancer's loads itself anew, which would end a visit elsewhere.
    balancer, status = await browser.new_page(), await browser.new_page()
    for page in (balancer, status):
        await page.set_viewport_size(VIEW)
    await balancer.goto(f"http://127.0.0.1:{demo.port + 2}")
    for part in ("traefik-1", "traefik-2", "entrypoint-2", "status-2"):
        row = balancer.get_by_role("row", name=part).first
        await expect(row).to_contain_text("UP")
    await photograph(balancer, "balancer")

    await status.goto(f"{demo.url}/services/status/")
    # Every check once; one of them starts a server.
    await expect(status.locator("h1")).to_have_text("All is well", timeout=90_000)
    await photograph(status, "high-availability")


def test_secrets_are_for_one_account_and_on_no_command_line(demo: Demo) -> None:
    files = [path for path in (demo.folder / "secrets").rglob("*") if path.is_file()]
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    secrets = {path.read_text().strip() for path in files}
    assert len(secrets) == 10
    lines = [path.read_bytes().decode() for path in command_lines(demo.folder)]
    assert len(lines) == 13
    assert not [line for line in lines for secret in secrets if secret in line]


def command_lines(folder: Path) -> list[Path]:
    return [Path("/proc", pid.read_text(), "cmdline") for pid in folder.glob("*.pid")]


def test_all_of_it_listens_on_loopback_only(demo: Demo) -> None:
    ours = {f"{port:04X}" for port in range(demo.port, demo.port + SPAN)}
    addresses = [
        line.split()[1].split(":")
        for file in ("tcp", "tcp6")
        for line in Path("/proc/net", file).read_text().splitlines()[1:]
        if line.split()[3] == LISTENING
    ]
    hosts = {host for host, port in addresses if port in ours}
    assert hosts == {"0100007F"}


LISTENING = "0A"


async def test_parts_die_and_the_user_notices_nothing(demo: Demo) -> None:
    parts = ["traefik-1", "etcd-leader", "entrypoint-1", "postgres", "hub"]
    broken = await anyio.to_thread.run_sync(
        demo.run, "break.sh", "--quick", "--rate=100", *parts
    )
    assert broken.returncode == 0, broken.stdout + broken.stderr
    assert "The kernel still knows" in broken.stdout
    assert "The user noticed nothing." in broken.stdout
    rows = ROW.findall(broken.stdout)
    expected = ["traefik-", "etcd-", "entrypoint-", "postgres", "hub"]
    assert [row[0].rstrip("123") for row in rows] == expected
    for _, requests, failed, _, closed, _, _ in rows:
        assert (int(requests) > 50, failed, closed) == (True, "0", "0")
    # Only those of a Traefik that dies are opened anew, through the other.
    assert [int(row[5]) > 0 for row in rows] == [True, False, False, False, False]
    said = demo.process.log
    assert said.count("started again") == len(parts), said


def test_break_says_which_parts_there_are(demo: Demo) -> None:
    broken = demo.run("break.sh", "--quick", "traefik-3")
    assert broken.returncode == 2
    assert "there is no part 'traefik-3': etcd-leader, entry" in broken.stderr


def test_a_second_one_names_the_port_that_it_cannot_have(demo: Demo) -> None:
    second = subprocess.run(
        [sys.executable, HERE / "demo.py"],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, **demo.env},
    )
    assert second.returncode == 1
    assert f"port {demo.port} cannot be had" in second.stderr
    assert f"PORT={demo.port + 1000} make demo-ha" in second.stderr


async def test_ctrl_c_ends_all_of_it(demo: Demo) -> None:
    """The last test with the demo: it ends it."""
    processes = [line.parent for line in command_lines(demo.folder)]
    data = (demo.folder / "postgres.data").resolve()
    assert all(process.exists() for process in processes)
    assert await demo.process.stop(signal.SIGINT) == 0
    assert not any(process.exists() for process in processes)
    assert data.is_relative_to(demo.folder) or not data.exists()
    for port in range(demo.port, demo.port + SPAN):
        refuse_if_taken(port)
    nothing = demo.run("break.sh")
    assert nothing.returncode == 2
    assert f"PORT={demo.port} make demo-ha starts it" in nothing.stderr


@pytest.mark.parametrize("port", ["http", "0", "65530"])
def test_a_port_that_is_none_is_refused(port: str) -> None:
    demo = subprocess.run(
        [sys.executable, HERE / "demo.py"],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, "PORT": port},
    )
    assert demo.returncode == 1
    assert f"PORT is {port!r}: expected a number from 1 to 65501" in demo.stderr


def test_what_is_missing_is_named_as_debian_names_it() -> None:
    said = in_the_example(
        "import parts; parts.FOLDERS[:] = ['/nowhere']; parts.refuse_if_missing()"
    )
    packages = "etcd-server haproxy postgresql prometheus"
    assert f"As root: apt-get install {packages}" in said


def test_on_one_machine_no_name_of_compose_is_left() -> None:
    said = in_the_example(
        "import json, places; from pathlib import Path;"
        "print(json.dumps({str(p): places.Places(9000).here(p.read_text())"
        " for p in [*Path().glob('*_config.py'), *Path().glob('*.yml'),"
        " Path('haproxy.cfg')]}))"
    )
    names = "|".join(SCRAPED | {"postgres", "0.0.0.0"})
    for file, text in json.loads(said).items():
        assert not re.findall(rf"[/\" @](?:{names}):\d+", text), file


def in_the_example(code: str) -> str:
    ran = subprocess.run(
        [sys.executable, "-c", code],
        check=False,
        capture_output=True,
        text=True,
        cwd=HERE,
        env={**os.environ, "PYTHONPATH": str(HERE.parent / "quickstart")},
    )
    return ran.stdout + ran.stderr
