"""A real browser for the tests: how it is started, and what must hold on every page."""

from pathlib import Path

import axe_playwright_python.sync_playwright as axe
import pytest
from playwright.sync_api import Page, expect

CHROMIUM = Path("/usr/bin/chromium")
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WCAG = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
expect.set_options(timeout=20_000)
needs_chromium = pytest.mark.skipif(
    not CHROMIUM.exists(), reason="no /usr/bin/chromium on this machine (.ci/run installs it)"
)


def assert_accessible(page: Page) -> None:
    """Whether everybody can use it, as far as a machine can tell."""
    found = axe.Axe().run(page, options=WCAG)
    assert found.violations_count == 0, found.generate_report()


def assert_no_sideways_scroll(page: Page) -> None:
    """Nobody has to scroll sideways."""
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def page_faults(page: Page, address: str) -> list[str]:
    """Whatever the page asks of another machine, and every fault in its console, as it comes."""
    faults: list[str] = []
    page.on("request", lambda asked: None if asked.url.startswith(address) else faults.append(asked.url))
    page.on("console", lambda said: faults.append(said.text) if said.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    return faults
