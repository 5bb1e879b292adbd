"""The pictures of the examples, taken where SCREENSHOTS names a folder."""

from __future__ import annotations

import os
from pathlib import Path

import anyio
from playwright.async_api import Page, ViewportSize

VIEW: ViewportSize = {"width": 1024, "height": 640}
# Where the part of a page ends that has something in it.
LAST_LINE = """() => {
  const main = document.querySelector("main")?.getBoundingClientRect().bottom;
  return Math.min(innerHeight, (main ?? innerHeight) + 32);
}"""


async def photograph(page: Page, name: str) -> None:
    if folder := os.environ.get("SCREENSHOTS"):
        await anyio.Path(folder).mkdir(parents=True, exist_ok=True)
        # The pointer on a button would be in the picture.
        await page.mouse.move(0, 0)
        height = await page.evaluate(LAST_LINE)
        await page.screenshot(
            path=Path(folder, f"{name}.png"),
            animations="disabled",
            clip={"x": 0, "y": 0, "width": VIEW["width"], "height": height},
        )
