"""Pages in the Hub's look: in a real browser, and as templates."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from jinja2 import TemplateNotFound

from jupyterhub_suite.ports import free_port
from jupyterhub_suite.services.pages import add_nonce, page_environment
from tests.harness.browser import Browser, width_that_overflows
from tests.harness.hub import RealHub
from tests.services.test_service import hub_settings


@pytest.fixture(scope="module")
async def hub(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RealHub]:
    folder = tmp_path_factory.mktemp("pages-hub")
    async with RealHub(folder, settings=hub_settings(free_port())) as hub:
        yield hub


@pytest.mark.parametrize("look", ["light", "dark", "phone"])
async def test_a_page_works_under_its_strict_policy(
    hub: RealHub, browser: Browser, look: str
) -> None:
    alice = await hub.login("alice")
    page = await browser.new_page(
        session=alice, dark=look == "dark", phone=look == "phone"
    )
    await page.goto(f"{hub.url}services/hello/")
    assert await page.inner_text("h1") == "Hello alice"
    # The Hub's inline script ran, for it had the nonce …
    assert await page.evaluate("window.jhdata.xsrf_token")
    # … and so did its dark mode.
    theme = await page.get_attribute("html", "data-bs-theme")
    assert (theme == "dark") == (look == "dark")
    assert await width_that_overflows(page) <= 0
    assert browser.csp_violations == []
    browser.assert_no_complaints()


async def test_the_policy_stops_a_script_without_the_nonce(
    hub: RealHub, browser: Browser
) -> None:
    page = await browser.new_page(session=await hub.login("alice"))
    await page.goto(f"{hub.url}services/hello/")
    await page.evaluate(
        """() => {
            const script = document.createElement("script");
            script.textContent = "window.intruder = true";
            document.body.append(script);
        }"""
    )
    assert await page.evaluate("window.intruder") is None
    assert browser.csp_violations


async def test_an_error_is_a_page_with_a_way_back(
    hub: RealHub, browser: Browser
) -> None:
    page = await browser.new_page(session=await hub.login("alice"))
    await page.goto(f"{hub.url}services/hello/nowhere")
    assert await page.inner_text("h1") == "Not Found"
    await page.click("text=Hub home")
    assert page.url == f"{hub.url}hub/home"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("<script>", '<script nonce="{{ csp_nonce }}">'),
        ("<SCRIPT type=a>", '<script nonce="{{ csp_nonce }}" type=a>'),
        ('<script src="x">', '<script src="x">'),
        ('<script nonce="y">', '<script nonce="y">'),
        ("<scripture>", "<scripture>"),
    ],
)
def test_inline_scripts_of_a_template_get_the_nonce(source: str, expected: str) -> None:
    assert add_nonce(source) == expected


def test_the_operators_templates_come_first(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text(
        '{% extends "templates/page.html" %}{% block logo %}Our site{% endblock %}'
    )
    pages = page_environment([str(tmp_path)])
    text = pages.get_template("page.html").render(static_url=lambda *a, **k: "")
    assert "Our site" in text
    with pytest.raises(TemplateNotFound):
        pages.get_template("absent.html")


def test_values_are_escaped() -> None:
    page = page_environment().from_string("{{ value }}")
    assert page.render(value="<script>") == "&lt;script&gt;"
