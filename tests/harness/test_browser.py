from __future__ import annotations

import playwright.async_api
import pytest

from tests.harness import browser as browser_module
from tests.harness.browser import Browser, width_that_overflows
from tests.harness.fixtures import Start, StartHub

STRICT = """
    default_type text/html;
    add_header Content-Security-Policy "default-src 'self'";
    location / { return 200 '<script>alert(1)</script><p style="width: 900px">x'; }
"""


async def test_a_user_sees_their_home_on_a_phone_in_the_dark(
    start_hub: StartHub, browser: Browser
) -> None:
    hub = await start_hub()
    page = await browser.new_page(
        phone=True, dark=True, session=await hub.login("alice")
    )

    await page.goto(f"{hub.url}hub/home")

    assert await page.get_by_text("Start My Server").is_visible()
    assert await page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    assert await page.evaluate("innerWidth") == 360
    browser.assert_no_complaints()


async def test_what_a_page_may_not_do_is_heard(
    start_nginx: Start, browser: Browser
) -> None:
    nginx = await start_nginx(STRICT)
    page = await browser.new_page(phone=True)

    await page.goto(nginx.url)

    assert browser.csp_violations
    with pytest.raises(AssertionError, match="Content Security Policy"):
        browser.assert_no_complaints()
    browser.assert_no_complaints(but="Content Security Policy|favicon")


async def test_pages_of_a_failed_test_are_kept(
    page: playwright.async_api.Page,
    browser: Browser,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder = tmp_path_factory.mktemp("failures")
    monkeypatch.setattr(browser_module, "FAILURES", folder)
    await page.set_content("<p style='width: 2000px'>wide")

    kept = await browser.keep_pages("test_[a/b]")

    assert kept == [folder / "test_-a-b.png"]
    assert kept[0].read_bytes().startswith(b"\x89PNG")
    assert "wide" in kept[0].with_suffix(".html").read_text()
    assert await width_that_overflows(page) > 0
