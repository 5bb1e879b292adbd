"""Pages in headless Chromium, and what went wrong on them.

async def test_…(browser: Browser) -> None:
    page = await browser.new_page()
    await page.goto(…)
    browser.assert_no_complaints()
"""

from __future__ import annotations

import re
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx
import playwright.async_api as playwright

from tests.harness.hub import ROOT, Session
from tests.harness.parts import need

FAILURES = ROOT / "tests" / "failures"
PHONE: dict[str, Any] = {
    "viewport": {"width": 360, "height": 740},
    "device_scale_factor": 3,
    "is_mobile": True,
    "has_touch": True,
}
DESKTOP: dict[str, Any] = {"viewport": {"width": 1280, "height": 900}}
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


async def launch(stack: AsyncExitStack) -> playwright.Browser:
    """One Chromium for many tests; a test's profile is its own (`Browser`)."""
    executable = need("chromium")
    driver = await stack.enter_async_context(playwright.async_playwright())
    chromium = await driver.chromium.launch(executable_path=executable, args=FLAGS)
    stack.push_async_callback(chromium.close)
    return chromium


class Browser:
    """A fresh profile: no cookies, no storage, no cache."""

    def __init__(self, chromium: playwright.Browser) -> None:
        self._chromium = chromium
        self._contexts: list[playwright.BrowserContext] = []
        #: Errors on the console, uncaught exceptions, and refusals by a
        #: Content-Security-Policy, of all pages.
        self.complaints: list[str] = []

    @property
    def csp_violations(self) -> list[str]:
        return [said for said in self.complaints if "Content Security Policy" in said]

    @property
    def pages(self) -> list[playwright.Page]:
        return [page for context in self._contexts for page in context.pages]

    async def new_page(
        self,
        *,
        phone: bool = False,
        dark: bool = False,
        session: Session | None = None,
        **options: Any,
    ) -> playwright.Page:
        """A page in a profile of its own, logged in where ``session`` is."""
        context = await self._chromium.new_context(
            **(PHONE if phone else DESKTOP),
            color_scheme="dark" if dark else "light",
            **options,
        )
        self._contexts.append(context)
        if session:
            await context.add_cookies(cookies_of(session))
        page = await context.new_page()
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        return page

    def _hear(self, message: playwright.ConsoleMessage) -> None:
        if message.type == "error":
            where = message.location.get("url", "")
            self.complaints.append(f"{message.text} ({where})")

    def assert_no_complaints(self, *, but: str = r"(?!)") -> None:
        """``but`` is what may be said all the same."""
        said = [line for line in self.complaints if not re.search(but, line)]
        assert not said, "the page complained:\n" + "\n".join(said)

    async def keep_pages(self, name: str) -> list[Path]:
        """What each page looks like now, for a reader of a failed test."""
        FAILURES.mkdir(exist_ok=True)
        kept = []
        for number, page in enumerate(self.pages):
            stem = FAILURES / f"{file_name(name)}{f'-{number}' if number else ''}"
            await page.screenshot(path=f"{stem}.png", full_page=True)
            stem.with_suffix(".html").write_text(await page.content())
            kept.append(stem.with_suffix(".png"))
        return kept

    async def close(self) -> None:
        for context in self._contexts:
            await context.close()


async def width_that_overflows(page: playwright.Page) -> int:
    """How many pixels of the page one can only see by scrolling sideways."""
    root = "document.documentElement"
    wide: int = await page.evaluate(f"{root}.scrollWidth - {root}.clientWidth")
    return wide


def cookies_of(client: httpx.AsyncClient) -> list[Any]:
    return [
        {
            "name": cookie.name,
            "value": cookie.value,
            "domain": "127.0.0.1",
            "path": cookie.path,
        }
        for cookie in client.cookies.jar
    ]


def file_name(test: str) -> str:
    return re.sub(r"[^\w.-]+", "-", test).strip("-")[:120]
