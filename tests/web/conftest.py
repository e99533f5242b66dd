"""One demo town for all tests here, and people who sit before its pages in a real browser."""

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.web.town import Town, running_town

AXE = Path(__file__).parents[2] / "gateway/web/node_modules/axe-core/axe.min.js"
ARGUMENTS = [
    "--no-sandbox",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    "--disable-sync",
    "--use-fake-device-for-media-stream",
]
SOON_MS = 15_000
SIGNED_IN = re.compile("/(control|field|admin)$")

expect.set_options(timeout=SOON_MS)


@pytest.fixture(scope="session")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with running_town(tmp_path_factory.mktemp("town")) as running:
        yield running


# Playwright's loop runs in this thread while it is open, so it does not outlive a module.
@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    program = shutil.which("chromium")
    if program is None:
        pytest.fail("chromium is not on the PATH; .ci/servers installs it", pytrace=False)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield browser
        browser.close()


@dataclass
class People:
    """Everybody has a browser profile of their own; what breaks in their pages is kept."""

    town: Town
    browser: Browser
    contexts: list[BrowserContext] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    def resident(self, path: str = "/") -> Page:
        """Open a public page."""
        page = self._page()
        page.goto(self.town.address + path)
        return page

    def staff(self, title: str, path: str = "") -> Page:
        """Sign in by the link of somebody, and go on to another page if one is named."""
        page = self._page()
        page.goto(self.town.links[title])
        page.wait_for_url(SIGNED_IN)
        if path:
            page.goto(self.town.address + path)
        return page

    def _page(self) -> Page:
        context = self.browser.new_context(
            locale="en-GB",
            viewport={"width": 1440, "height": 900},
        )
        self.contexts.append(context)
        context.set_default_timeout(SOON_MS)
        context.add_init_script(path=AXE)
        page = context.new_page()
        page.on("pageerror", lambda error: self.broken.append(str(error)))
        return page


@pytest.fixture
def people(town: Town, chromium: Browser) -> Iterator[People]:
    here = People(town, chromium)
    yield here
    for context in here.contexts:
        context.close()
    assert here.broken == []
