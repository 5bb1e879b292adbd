"""The pages in Chromium, as two users and an admin, with strings that would be script."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import quote

import anyio
from playwright.async_api import Page, expect

from tests.harness.browser import Browser
from tests.harness.hub import RealHub

from .visits import SERVICE, add, enter, select, selection

SCRIPT_NAME = "<img src=x onerror=alert(1)>'\"{{7*7}}"


async def visit(hub: RealHub, browser: Browser, name: str, **how: bool) -> Page:
    page = await browser.new_page(session=await enter(hub, name), **how)
    await page.goto(f"{hub.origin}{SERVICE}")
    await expect(page.locator("#entrypoints:not([aria-busy=true])")).to_be_attached()
    return page


async def fill_in(page: Page, name: str, entrypoint: str) -> None:
    await page.get_by_label("Name", exact=True).fill(name)
    await page.locator("#field-entrypoint").fill(entrypoint)
    await page.get_by_role("button", name="Save").click()


async def test_a_user_adds_selects_edits_clears_and_deletes(
    hub: RealHub, browser: Browser, script: Path
) -> None:
    page = await visit(hub, browser, "vera")
    box = page.locator("[data-type=script]")
    await expect(box).to_contain_text("You have none on this system yet")

    await page.get_by_role("button", name="Add Startup Script").click()
    await fill_in(page, SCRIPT_NAME, "not a path")
    field = page.locator("#field-entrypoint")
    await expect(field).to_have_attribute("aria-invalid", "true")
    await expect(field).to_be_focused()
    await fill_in(page, SCRIPT_NAME, str(script))
    row = box.locator("li")
    await expect(row).to_contain_text(SCRIPT_NAME)
    await expect(row).to_contain_text("works")

    await row.get_by_role("button", name=f"Select {SCRIPT_NAME}").click()
    await expect(page.locator("#selection")).to_contain_text(SCRIPT_NAME)
    await expect(row.locator(".badge", has_text="selected")).to_be_visible()

    await row.get_by_role("button", name=f"Edit {SCRIPT_NAME}").click()
    await fill_in(page, "plain", str(script))
    await expect(page.locator("#selection")).to_contain_text("plain")

    await page.get_by_role("button", name="Clear selection").click()
    await page.get_by_role("button", name="Cancel").click()
    await expect(page.locator("#selection")).to_contain_text("plain")
    await page.get_by_role("button", name="Clear selection").click()
    await page.get_by_role("button", name="Clear", exact=True).click()
    await expect(page.locator("#selection")).to_contain_text("Nothing")

    await row.get_by_role("button", name="Delete plain").click()
    await page.get_by_role("button", name="Delete", exact=True).click()
    await expect(box).to_contain_text("You have none on this system yet")
    browser.assert_no_complaints(but="400")


async def test_of_two_edits_at_once_the_second_hears_of_the_first_and_keeps_its_text(
    hub: RealHub, browser: Browser, script: Path
) -> None:
    session = await enter(hub, "twice")
    added = await add(session, name="mine", type="script", entrypoint=str(script))
    page = await visit(hub, browser, "twice")
    row = page.locator("[data-type=script] li")

    await row.get_by_role("button", name="Edit mine").click()
    elsewhere = {"id": added["id"], "name": "from elsewhere"}
    (await session.put(selection("twice"), json=elsewhere)).raise_for_status()
    await fill_in(page, "from here", str(script))
    await expect(page.get_by_role("alert")).to_contain_text("was changed meanwhile")
    await expect(page.get_by_label("Name", exact=True)).to_have_value("from here")

    await page.get_by_role("button", name="Cancel").click()
    await row.get_by_role("button", name="Edit from elsewhere").click()
    await fill_in(page, "from here", str(script))
    await expect(row).to_contain_text("from here")
    browser.assert_no_complaints(but="409")


async def test_systems_are_buttons_and_each_has_its_own_selection(
    hub: RealHub, browser: Browser, script: Path
) -> None:
    session = await enter(hub, "wim")
    added = await add(
        session,
        name="both",
        type="script",
        entrypoint=str(script),
        systems=["cori", "pm"],
    )
    await select(session, added["id"])
    page = await visit(hub, browser, "wim")
    await expect(page.locator("#selection")).to_contain_text("both")
    other = page.get_by_role("button", name="Perlmutter <b>")
    # By keyboard alone.
    await other.focus()
    await page.keyboard.press("Enter")
    await expect(other).to_have_attribute("aria-pressed", "true")
    await expect(page.locator("#selection")).to_contain_text("Nothing")
    browser.assert_no_complaints()


async def test_search_narrows_what_is_shown(
    hub: RealHub, browser: Browser, script: Path
) -> None:
    session = await enter(hub, "xena")
    for name in ("alpha", "beta"):
        await add(session, name=name, type="script", entrypoint=str(script))
    page = await visit(hub, browser, "xena")
    rows = page.locator("[data-type=script] li")
    await expect(rows).to_have_count(2)
    await page.get_by_label("Search").fill("bet")
    await expect(rows).to_have_count(1)
    await page.get_by_label("Search").fill("nothing like it")
    await expect(page.locator("[data-type=script]")).to_contain_text("Nothing matches")


async def test_a_broken_selection_warns(
    hub: RealHub, browser: Browser, script: Path
) -> None:
    session = await enter(hub, "yuri")
    added = await add(session, name="fragile", type="script", entrypoint=str(script))
    await select(session, added["id"])
    await anyio.Path(script).unlink()
    page = await visit(hub, browser, "yuri")
    await page.get_by_role("button", name="Check again").click()
    await expect(page.locator("#selection")).to_contain_text("There is no such file")
    await expect(page.locator("#selection")).to_contain_text("fails")


async def test_a_link_fills_the_form_in_and_stores_nothing_by_itself(
    hub: RealHub, browser: Browser, script: Path
) -> None:
    session = await enter(hub, "zoe")
    page = await browser.new_page(session=session)
    filled = {"type": "script", "name": SCRIPT_NAME, "entrypoint": str(script)}
    await page.goto(f"{hub.origin}{SERVICE}?add={quote(json.dumps(filled))}")
    await expect(page.locator("#field-entrypoint")).to_have_value(str(script))
    exported = await session.get(f"{SERVICE}users/zoe/export")
    assert exported.json() == {"entrypoints": []}
    await page.get_by_role("button", name="Save").click()
    await expect(page.locator("[data-type=script] li")).to_contain_text(SCRIPT_NAME)
    browser.assert_no_complaints()


async def test_on_a_phone_in_the_dark_nothing_is_wider_than_the_screen(
    hub: RealHub, browser: Browser, script: Path
) -> None:
    session = await enter(hub, "abe")
    await add(session, name="n" * 200, type="script", entrypoint=str(script))
    page = await visit(hub, browser, "abe", phone=True, dark=True)
    await expect(page.locator("[data-type=script] li")).to_be_visible()
    width = await page.evaluate("document.documentElement.scrollWidth")
    assert width <= 360
    browser.assert_no_complaints()


async def test_an_admin_publishes_deprecates_and_another_user_sees_it(
    hub: RealHub, browser: Browser, script: Path
) -> None:
    owner = await enter(hub, "owner")
    added = await add(owner, name=SCRIPT_NAME, type="script", entrypoint=str(script))
    page = await browser.new_page(session=await enter(hub, "admin"))
    await page.goto(f"{hub.origin}{SERVICE}admin")
    row = page.locator(f"[data-id='{added['id']}']")
    await row.get_by_role("button", name=f"Publish {SCRIPT_NAME}").click()
    await page.get_by_role("button", name="Publish", exact=True).last.click()
    await expect(row).to_contain_text("published")
    await row.get_by_role("button", name=f"Deprecate {SCRIPT_NAME}").click()
    await page.get_by_label("Why, and what to use instead").fill("Use <b>new</b>.")
    await page.get_by_role("button", name="Save").click()
    await expect(row).to_contain_text("deprecated")
    await expect(page.locator("#audit")).to_contain_text("deprecate")

    other = await visit(hub, browser, "other")
    seen = other.locator("[data-type=script] li")
    await expect(seen).to_contain_text("by owner")
    await expect(seen).to_contain_text("Deprecated: Use <b>new</b>.")
    await expect(seen.get_by_role("button", name="Delete")).to_have_count(0)
    await owner.request("DELETE", f"{SERVICE}entrypoints/{added['id']}")
    browser.assert_no_complaints()


async def test_the_page_of_the_api_shows_what_the_document_says(
    hub: RealHub, browser: Browser
) -> None:
    session = await enter(hub, "reader")
    page = await browser.new_page(session=session)
    await page.goto(f"{hub.origin}{SERVICE}api")
    document = (await session.get(f"{SERVICE}api/openapi.json")).json()
    for path in document["paths"]:
        await expect(page.locator("main")).to_contain_text(path)
    await page.goto(f"{hub.origin}{SERVICE}about")
    await expect(page.locator("main")).to_contain_text("what your server starts in")
    browser.assert_no_complaints()
