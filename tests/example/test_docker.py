"""The image of example/Dockerfile, from `docker build` to `docker stop`."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator

import anyio
import pytest
from playwright.async_api import Page, expect

from tests.harness.browser import Browser
from tests.harness.docker import Docker
from tests.harness.fixtures import one_engine
from tests.harness.hub import HubError
from tests.harness.processes import ProcessError

from .container import Container, add, build, enter, running, select, start_server
from .pictures import VIEW, photograph

pytestmark = one_engine

VOLUME = "example"
# Milliseconds, for a machine that does much else.
PATIENCE = 30_000
HOSTILE = "/home/user1/x; touch /tmp/hostile"
# What runs as the user who asks: server name to its program and variables.
LOOK = """
import json, pathlib
found = {}
for folder in pathlib.Path("/proc").glob("[0-9]*"):
    try:
        lines = (folder / "environ").read_text().split(chr(0))
        program = (folder / "cmdline").read_text().split(chr(0))
    except OSError:
        continue
    known = dict(line.split("=", 1) for line in lines if "=" in line)
    if any(word.endswith(("jupyter-labhub", "-singleuser")) for word in program):
        found[known["JUPYTERHUB_SERVER_NAME"]] = {"program": program, "variables": known}
print(json.dumps(found))
"""


@pytest.fixture(scope="session")
async def image(docker: Docker) -> str:
    return await build(docker)


@pytest.fixture(scope="session")
async def hub(docker: Docker, image: str) -> AsyncIterator[Container]:
    """`docker run`, with a volume of its own; the last test ends it."""
    volume = f"--volume={VOLUME}:/srv/jupyterhub"
    async with running(docker, "example", volume) as container:
        yield container


async def visit(browser: Browser, hub: Container, name: str) -> Page:
    """Logged in through the form."""
    page = await browser.new_page()
    await page.set_viewport_size(VIEW)
    await page.goto(hub.url)
    await page.get_by_label("Username").fill(name)
    await page.get_by_label("Password").fill(name)
    if name == "user1":
        await photograph(page, "log-in")
    await page.get_by_role("button", name="Sign in").click()
    await page.wait_for_url("**/hub/home")
    return page


async def open_service(page: Page, name: str) -> None:
    await page.get_by_role("button", name="Services").click()
    await page.get_by_role("link", name=name).click()
    await page.wait_for_url(f"**/services/{name}/")


async def fill_in(page: Page, kind: str, name: str, entrypoint: str) -> None:
    await page.get_by_role("button", name=f"Add {kind}").click()
    await page.get_by_label("Name", exact=True).fill(name)
    await page.locator("#field-entrypoint").fill(entrypoint)
    await page.get_by_role("button", name="Save").click()


async def what_a_cell_says(page: Page, code: str) -> str:
    """In a new notebook of JupyterLab."""
    await page.locator(".jp-LauncherCard[data-category=Notebook]").first.click()
    await expect(page.get_by_text("| Idle")).to_be_visible(timeout=2 * PATIENCE)
    await page.locator(".jp-Notebook .cm-content").first.click()
    await page.keyboard.type(code)
    await page.keyboard.press("Shift+Enter")
    output = page.locator(".jp-OutputArea-output")
    await expect(output).not_to_be_empty(timeout=PATIENCE)
    return await output.inner_text()


async def test_user1_works_in_the_environment_that_they_chose(
    hub: Container, browser: Browser
) -> None:
    page = await visit(browser, hub, "user1")
    await open_service(page, "entrypoint")
    await expect(page.get_by_role("button", name="The cluster")).to_be_visible()

    await fill_in(page, "Start-up script", "hostile", HOSTILE)
    await expect(page.locator("#editor")).to_contain_text(
        "There is no such file", timeout=PATIENCE
    )
    await photograph(page, "refused")
    await page.get_by_role("button", name="Cancel").click()
    assert "hostile" not in await hub.run("ls", "/tmp")

    await fill_in(page, "Conda environment", "my analysis", "analysis")
    await page.get_by_role("button", name="Select my analysis").click()
    await expect(page.locator("#selection")).to_contain_text(
        "my analysis", timeout=PATIENCE
    )
    await photograph(page, "entrypoint")

    await page.get_by_role("link", name="Home").click()
    await page.get_by_text("Start My Server").click()
    await page.wait_for_url("**/user/user1/lab**", timeout=3 * PATIENCE)
    said = await what_a_cell_says(page, "import sys; sys.prefix")
    assert said == "'/opt/environments/analysis'"
    await photograph(page, "jupyterlab")

    await page.goto(f"{hub.url}/services/culler/")
    await expect(page.get_by_text(re.compile(r"Stops in \d+ min"))).to_be_visible()
    await photograph(page, "culler")

    await page.get_by_role("button", name="Logout").click()
    await page.wait_for_url("**/hub/login**")
    await page.goto(f"{hub.url}/hub/home")
    await expect(page.get_by_label("Password")).to_be_visible()
    # JupyterLab loses its server's connections when we leave.
    browser.assert_no_complaints(but="422|/user/user1/")


async def test_what_is_selected_changes_what_a_server_runs_in(hub: Container) -> None:
    user1 = await hub.login("user1", "user1")
    await enter(user1)
    added = await add(
        user1, "lab", type="script", name="mine", entrypoint="/home/user1/start-lab.sh"
    )
    assert added.status_code == 201, added.text
    await select(user1, "lab", "script", "mine", server="own")
    await select(user1, "lab", "trusted_script", "Announced JupyterLab", server="ours")
    await select(user1, "cluster", "shifter", "example/science", server="cluster-1")

    async with anyio.create_task_group() as tasks:
        for server in ("own", "ours", "cluster-1"):
            tasks.start_soon(start_server, user1, server)

    found = json.loads(await hub.run("python", "-c", LOOK, user="user1"))
    assert found["own"]["variables"]["CHOSEN_BY"] == "user1"
    assert "by an administrator" in found["ours"]["variables"]["DEMO_ENVIRONMENT"]
    on_cluster = found["cluster-1"]
    assert on_cluster["variables"]["SHIFTER_IMAGEREQUEST"] == "example/science"
    assert on_cluster["program"][0].startswith("/opt/images/example/science/bin/")


@pytest.mark.parametrize(
    ("kind", "entrypoint"),
    [
        ("script", "/home/admin/start-lab.sh"),
        ("script", "/etc/passwd"),
        ("conda", "../../home/admin"),
        ("shifter", "example/science"),
    ],
    ids=["somebody else's", "no script", "out of the folder", "not theirs to add"],
)
async def test_what_must_not_be_started_is_not_added(
    hub: Container, kind: str, entrypoint: str
) -> None:
    user1 = await hub.login("user1", "user1")
    await enter(user1)
    answer = await add(user1, "lab", type=kind, name="bad", entrypoint=entrypoint)
    assert answer.status_code in (400, 403, 422), answer.text
    assert answer.json()["error"]["message"]


async def test_the_admin_sees_everybody_and_all_that_is_well(
    hub: Container, browser: Browser
) -> None:
    page = await visit(browser, hub, "admin")
    await open_service(page, "status")
    await expect(page.locator("h1")).to_have_text("All is well", timeout=3 * PATIENCE)
    await photograph(page, "status")

    await page.goto(f"{hub.url}/services/entrypoint/admin")
    await expect(page.locator("main")).to_contain_text("user1", timeout=PATIENCE)
    await page.goto(f"{hub.url}/services/culler/all")
    await page.get_by_role("button", name="Sweep now").click()
    await expect(page.locator("main")).to_contain_text("user1", timeout=PATIENCE)
    await photograph(page, "culler-admin")
    browser.assert_no_complaints()


async def test_a_new_user_logs_in_and_a_wrong_password_does_not(hub: Container) -> None:
    await hub.run("hub-user", "user2", text="a long one\n")
    await hub.login("user2", "a long one")
    assert await hub.run("id", "-gn", user="user2") == "hub-users\n"
    for name, password in (("user2", "user2"), ("nobody", "nobody"), ("user2", "")):
        with pytest.raises(HubError):
            await hub.login(name, password)
    for name in ("root:x", "Me", "../up", "-x", "root", "jupyterhub"):
        with pytest.raises(ProcessError, match=r"small letters|of the system"):
            await hub.run("hub-user", name, text="a long one\n")


async def test_a_user_without_an_account_reads_what_is_missing(hub: Container) -> None:
    admin = await hub.login("admin", "admin")
    await admin.post("/hub/api/users/ghost")
    answer = await admin.post("/hub/api/users/ghost/server")
    assert answer.status_code == 500
    assert "hub-user ghost" in answer.text


@pytest.mark.parametrize(
    "path", ["/srv/jupyterhub/hub", "/run/jupyterhub", "/home/admin", "/etc/shadow"]
)
async def test_users_do_not_see_what_is_not_theirs(hub: Container, path: str) -> None:
    with pytest.raises(ProcessError, match="Permission denied"):
        await hub.run("sh", "-c", f"ls {path}/ || cat {path}", user="user1")


async def test_neither_hub_nor_user_can_become_root(hub: Container) -> None:
    for user in ("jupyterhub", "user1"):
        with pytest.raises(ProcessError, match="password is required"):
            await hub.run("sudo", "--non-interactive", "id", user=user)
    owners = await hub.run("sh", "-c", "stat -c '%U %n' /proc/[0-9]*/exe || true")
    assert "jupyterhub" in owners
    roots = [line for line in owners.splitlines() if line.startswith("root ")]
    # tini, and the shell and stat that just looked.
    assert len(roots) <= 3, owners


async def test_what_is_secret_is_for_the_hub_alone(hub: Container) -> None:
    found = await hub.run(
        *("find", "/srv/jupyterhub/hub", "-type", "f"),
        *("-printf", "%f %m %u\\n"),
    )
    assert "passwords 600 jupyterhub" in found
    assert "cookie_secret 600 jupyterhub" in found
    assert "entrypoint.token 600 jupyterhub" in found
    assert all(line.endswith(" 600 jupyterhub") for line in found.splitlines()), found


async def test_without_a_network_it_starts_and_a_server_works(
    docker: Docker, image: str
) -> None:
    async with running(docker, "example-alone", network="none") as alone:
        # The check starts a server, runs code in it, and stops it.
        await alone.run("python", "-c", ALL_IS_WELL)
        assert await alone.stop() == 0


ALL_IS_WELL = """
import json, time, urllib.request
page = "http://127.0.0.1:8000/services/status/"
asked = urllib.request.Request(page, headers={"Accept": "application/json"})
end = time.monotonic() + 90
while (told := json.load(urllib.request.urlopen(asked)))["code"] != "OK":
    if time.monotonic() > end:
        raise SystemExit(told)
    time.sleep(0.5)
"""


async def test_it_ends_in_order_and_a_second_run_knows_all_of_the_first(
    docker: Docker, hub: Container
) -> None:
    """The last test of this file: it ends the Hub of all others."""
    await hub.run("hub-user", "admin", text="another\n")
    await hub.run("sh", "-c", "echo kept > ~/note", user="user1")
    user1 = await hub.login("user1", "user1")
    await enter(user1)
    await add(user1, "lab", type="conda", name="kept", entrypoint="analysis")

    await start_server(user1)
    assert await hub.stop() == 0

    volume = f"--volume={VOLUME}:/srv/jupyterhub"
    async with running(docker, "example-again", volume) as again:
        assert await again.run("cat", "/home/user1/note", user="user1") == "kept\n"
        with pytest.raises(HubError):
            await again.login("admin", "admin")
        await again.login("admin", "another")
        user1.base_url = again.url
        # The cookies of the first run open the second, the services' too.
        assert (await user1.get("/hub/home")).url.path == "/hub/home"
        await select(user1, "lab", "conda", "kept")
        assert await again.stop() == 0
