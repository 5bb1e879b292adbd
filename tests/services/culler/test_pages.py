"""The pages and endpoints, as users, admins and programs meet them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.harness.browser import Browser, width_that_overflows
from tests.harness.hub import RealHub
from tests.harness.processes import wait_for
from tests.services.culler.hubs import Culler, running, start

API = "/services/culler/api/"
CONFIG = """
c.CullerService.timeout = 3600
c.CullerService.cull_every = 600
c.CullerService.warn_before = 600
c.CullerService.lease_hours = 8
c.CullerService.lease_quota = 10
c.CullerService.max_stops = 2
c.CullerService.rules = [
    {"name": "exam <b>", "match": {"user": "exam-*"}, "never": True},
]
"""


@pytest.fixture
async def culler(hub: RealHub, tmp_path: Path) -> AsyncIterator[Culler]:
    async with Culler(hub, tmp_path, config=CONFIG, pages=True) as culler:
        await culler.swept()
        yield culler


async def test_a_server_is_kept_within_the_quota_and_let_go_again(
    hub: RealHub, culler: Culler
) -> None:
    await start(hub, "ann", idle=3500)
    ann = await hub.login("ann")
    (await ann.get("/services/culler/")).raise_for_status()

    too_long = await ann.post(API + "leases", json={"hours": 9})
    assert too_long.status_code == 403
    assert too_long.json()["error"]["longest"] == 8
    kept = await ann.post(API + "leases", json={"hours": 6})
    assert kept.status_code == 201
    assert (await ann.post(API + "leases", json={"hours": 5})).status_code == 403

    (server,) = (await ann.get(API + "servers")).json()["servers"]
    assert server["kept_until"] == server["stop_at"] == kept.json()["until"]
    assert server["allowance"] == {"longest": 4, "used": 6, "quota": 10}
    assert (await ann.delete(API + "leases?server=")).status_code == 204
    assert (await ann.delete(API + "leases?server=")).status_code == 404
    (server,) = (await ann.get(API + "servers")).json()["servers"]
    assert server["kept_until"] is None


async def test_what_is_not_allowed_or_not_there_is_refused_in_words(
    hub: RealHub, culler: Culler
) -> None:
    await start(hub, "ann")
    await start(hub, "bob")
    ann = await hub.login("ann")
    (await ann.get("/services/culler/")).raise_for_status()
    bob = {"user": "bob", "server": ""}
    for method, path, body, status in [
        ("POST", "leases", {"hours": 1, **bob}, 403),
        ("POST", "leases", {"hours": 1, "server": "none"}, 404),
        ("POST", "leases", {"hours": 0}, 400),
        ("POST", "leases", {"hours": "1"}, 400),
        ("POST", "leases", {}, 400),
        ("POST", "stop", bob, 403),
        ("POST", "sweep", {}, 403),
        ("POST", "release", {}, 403),
        ("GET", "servers?user=bob", None, 403),
        ("GET", "servers?all=1", None, 403),
        ("GET", "stops", None, 403),
        ("GET", "stops?user=bob", None, 403),
        ("GET", "stops?user=ann&limit=-1", None, 400),
        ("GET", "notice?server=none", None, 404),
        ("DELETE", "leases?user=bob", None, 403),
    ]:
        answer = await ann.request(method, API + path, json=body)
        assert answer.status_code == status, (method, path, answer.text)
        assert answer.json()["error"]["message"]
    assert await running(hub) == {"ann/", "bob/"}


async def test_an_admin_stops_a_server_and_the_log_says_who(
    hub: RealHub, culler: Culler
) -> None:
    await start(hub, "ann")
    admin = await hub.login("admin")
    (await admin.get("/services/culler/all")).raise_for_status()

    stopped = await admin.post(API + "stop", json={"user": "ann"})

    assert stopped.json() == {"outcome": "stopped"}
    assert await running(hub) == set()
    (entry,) = (await admin.get(API + "stops")).json()["stops"]
    assert (entry["user"], entry["by"], entry["outcome"]) == ("ann", "admin", "stopped")
    assert "admin said so" in (await admin.get("/services/culler/history")).text
    missing = await admin.post(API + "stop", json={"user": "nobody"})
    assert missing.status_code == 404


async def test_a_held_sweep_waits_for_an_admins_word(
    hub: RealHub, culler: Culler
) -> None:
    for number in range(3):
        await start(hub, f"idle-{number}", idle=9000)
    admin = await hub.login("admin")
    (await admin.get("/services/culler/")).raise_for_status()

    async def sweep() -> None:
        seen = culler.log.count("Looked at ")
        assert (await admin.post(API + "sweep", json={})).status_code == 202
        await culler.swept(seen + 1)

    assert (await admin.post(API + "release", json={})).status_code == 409
    await sweep()  # warns
    await culler.pass_time(601)
    await sweep()
    state = (await admin.get(API + "sweep")).json()
    assert state["held"] == "3 would be stopped at once, more than max_stops"
    assert len(await running(hub)) == 3
    health = await admin.get("/services/culler/health")
    assert health.status_code == 503
    assert "max_stops" in health.json()["unwell"]["held"]

    assert (await admin.post(API + "release", json={})).status_code == 202

    async def stopped() -> bool:
        return not await running(hub)

    await wait_for(stopped, what="released sweep", process=culler.process)


async def test_a_user_is_warned_where_they_work(hub: RealHub, culler: Culler) -> None:
    await start(hub, "ann", idle=3300)
    await start(hub, "exam-1", idle=9000)
    ann, exam = await hub.login("ann"), await hub.login("exam-1")
    for session in (ann, exam):
        (await session.get("/services/culler/")).raise_for_status()

    notice = (await ann.get(API + "notice?server=")).json()
    assert notice["warn"]
    assert 500 < notice["seconds_left"] <= 600
    assert notice["message"].startswith("This server will be stopped in ")
    spared = (await exam.get(API + "notice?server=")).json()
    assert spared["stop_at"] is None
    page = (await exam.get("/services/culler/")).text
    assert "exam &lt;b&gt;" in page
    assert "exam <b>" not in page


async def test_metrics_count_what_was_stopped(hub: RealHub, culler: Culler) -> None:
    await start(hub, "ann")
    admin = await hub.login("admin")
    (await admin.get("/services/culler/")).raise_for_status()
    await admin.post(API + "stop", json={"user": "ann"})

    text = (await culler.ask("GET", "metrics", hub.token)).text

    counted = 'culler_stops_total{cause="admin",kind="server",outcome="stopped"} 1.0'
    assert counted in text
    assert "culler_sweep_duration_seconds_count 1.0" in text


async def test_the_pages_work_by_keyboard_without_complaint(
    hub: RealHub, culler: Culler, browser: Browser
) -> None:
    await start(hub, "ann", idle=3300)
    await start(hub, "ann", "lab")
    page = await browser.new_page(session=await hub.login("ann"))
    await page.goto(hub.url + "services/culler/")
    await page.get_by_label("Keep it for hours").first.fill("2")
    await page.keyboard.press("Enter")

    await page.get_by_role("button", name="No longer keep it").first.wait_for()

    await page.get_by_role("button", name="No longer keep it").first.press("Enter")
    await page.get_by_role("button", name="No longer keep it").first.wait_for(
        state="detached"
    )
    admin = await browser.new_page(session=await hub.login("admin"), dark=True)
    await admin.goto(hub.url + "services/culler/all")
    await admin.get_by_role("button", name="Sweep now").click()
    await admin.get_by_role("row", name="ann/lab").wait_for()
    await admin.get_by_role("button", name="Stop ann/lab now").click()
    await admin.wait_for_load_state("load")

    phone = await browser.new_page(session=await hub.login("admin"), phone=True)
    for path in ("", "all", "history"):
        await phone.goto(f"{hub.url}services/culler/{path}")
        assert not await width_that_overflows(phone), path

    async def stopped() -> bool:
        return await running(hub) == {"ann/"}

    await wait_for(stopped, what="ann/lab stopped", process=culler.process)
    browser.assert_no_complaints()
