from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness.hub import ROOT
from tests.harness.parts import lack, need
from tests.harness.processes import Process, ProcessError, wait_for

# A child of which a grandchild breaks away into a session of its own.
BREAKAWAY = "setsid sleep 1000 & echo $!; exec sleep 1000"

HANGING_TEST = """\
from __future__ import annotations
import anyio

async def test_that_never_ends(start_hub, start_redis, browser):
    await start_redis()
    await browser.new_page()
    hub = await start_hub()
    await hub.login("alice")
    await hub.start_server("alice")
    print("everything runs", flush=True)
    await anyio.sleep_forever()
"""


def runs(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def those_marked(marker: str) -> Iterator[str]:
    """Command lines of processes that name the marker there or in their folder."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = process.joinpath("cmdline").read_bytes().decode().split("\0")
            folder = os.readlink(process / "cwd")
        except OSError:
            continue
        if marker in folder or marker in " ".join(words):
            yield " ".join(words)


async def test_what_broke_away_ends_with_its_process(tmp_path: Path) -> None:
    async with Process("shell", ["bash", "-c", BREAKAWAY], tmp_path) as process:
        grandchild = int((await process.says(r"^(\d+)$"))[1])
        await process.kill()
        assert process.returncode == -signal.SIGKILL
        assert runs(grandchild)

    assert not runs(grandchild)


async def test_one_that_heeds_no_sigterm_is_killed(tmp_path: Path) -> None:
    stubborn = "trap '' TERM; echo deaf; while true; do sleep 0.05; done"
    async with Process(
        "stubborn", ["bash", "-c", stubborn], tmp_path, grace=0.2
    ) as process:
        await process.says("deaf")
        assert await process.stop() == -signal.SIGKILL


async def test_the_exit_status_and_the_output_are_told(tmp_path: Path) -> None:
    script = "echo out; echo err >&2; exit 7"
    async with Process("brief", ["bash", "-c", script], tmp_path) as process:
        assert await process.wait() == 7
        assert process.log == "out\nerr\n"
        with pytest.raises(ProcessError, match=r"brief .*exit 7.*port 9 open\nout"):
            await process.listens(9)


async def test_a_command_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ProcessError, match=r"missing did not start: .*no-such-thing"):
        async with Process("missing", ["no-such-thing"], tmp_path):
            pass


async def test_waiting_has_an_end() -> None:
    async def never() -> bool:
        return False

    with pytest.raises(ProcessError, match=r"not within 0.1 s: better times"):
        await wait_for(never, what="better times", deadline=0.1)


def test_a_missing_part_skips_on_a_laptop_and_fails_in_ci(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tests.harness.parts.find", lambda name: None)
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="apt-get install etcd-server"):
        need("etcd")
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="etcd is not installed"):
        need("etcd")


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """Chromium keeps a socket in its profile, and a socket's path is short."""
    with tempfile.TemporaryDirectory(prefix="ended-", dir="/tmp") as folder:
        yield Path(folder)


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGINT])
async def test_nothing_outlives_a_test_run_that_is(
    ending: signal.Signals, short_folder: Path
) -> None:
    """Not its Hub, that one's proxy and servers, its browser, nor any part."""
    if sys.platform != "linux":
        lack("only Linux lets a guardian adopt orphans")
    for part in ("redis", "traefik", "chromium"):
        need(part)
    log = short_folder / "log"
    run = start_hanging_tests(short_folder, log)

    async def started() -> bool:
        assert run.poll() is None, log.read_text()
        return "everything runs" in log.read_text()

    async def all_gone() -> bool:
        return run.poll() is not None and not list(those_marked(short_folder.name))

    try:
        await wait_for(started, what="the inner test running", deadline=90)
        commands = "\n".join(those_marked(short_folder.name))
        for part in (
            "redis-server",
            "jupyterhub ",
            "traefik",
            "singleuser",
            "chromium",
        ):
            assert part in commands
        run.send_signal(ending)
        await wait_for(all_gone, what="an end of everything", deadline=30)
    finally:
        run.kill()


def start_hanging_tests(folder: Path, log: Path) -> subprocess.Popen[bytes]:
    tests = folder / "tests"
    tests.mkdir()
    (tests / "test_hanging.py").write_text(HANGING_TEST)
    (tests / "conftest.py").write_text('pytest_plugins = ["tests.harness.fixtures"]\n')
    with log.open("w") as output:
        return subprocess.Popen(
            [
                # What a shell starts in the background is deaf to Ctrl-C.
                *("env", "--default-signal=INT"),
                *(sys.executable, "-m", "pytest", "-c", ROOT / "pyproject.toml"),
                *("-s", "-n0", "-p", "no:cacheprovider", f"--basetemp={folder}/base"),
                tests,
            ],
            stdout=output,
            stderr=output,
            cwd=ROOT,
            # The browser's profile goes there, which marks its processes too.
            env={**os.environ, "TMPDIR": str(folder)},
        )
