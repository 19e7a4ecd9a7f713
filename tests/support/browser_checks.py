"""Start options of the test browser, and checks that every page must pass."""

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
    """No WCAG violations that axe can detect."""
    result = axe.Axe().run(page, options=WCAG)
    assert result.violations_count == 0, result.generate_report()


def assert_no_sideways_scroll(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def page_faults(page: Page, address: str) -> list[str]:
    """Live list of the page's requests to other hosts and its console errors and warnings."""
    faults: list[str] = []
    page.on("request", lambda asked: None if asked.url.startswith(address) else faults.append(asked.url))
    page.on("console", lambda logged: faults.append(logged.text) if logged.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    return faults
