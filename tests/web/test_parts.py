"""A page is fetched in parts, and each part comes in the end, whatever happens on its way."""

import re

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.web.conftest import People
from tests.web.town import Town

pytestmark = [pytest.mark.web, pytest.mark.timeout(180)]

BACK_MS = 60_000  # a killed gateway is started again within this time
PARTS = ("town-map-*.js", "town-map-*.css", "create-*.js", "create-*.css", "*-worker-*.js")
NEWER = '<!doctype html><script type="module" src="/assets/index-newer.js"></script>'


def box(page: Page) -> Locator:
    return page.get_by_role("group", name=re.compile("^Map"))


def is_whole(page: Page) -> None:
    """See that a map is drawn and has its styles."""
    expect(box(page)).to_have_attribute("aria-busy", "false", timeout=BACK_MS)
    expect(page.locator("canvas.maplibregl-canvas")).to_have_css("position", "absolute")
    expect(box(page)).to_have_css("position", re.compile("absolute|relative"))


@pytest.mark.parametrize("part", PARTS)
def test_a_part_that_does_not_come_is_fetched_again(people: People, part: str) -> None:
    page = people.staff("dispatcher of the left bank", "/follow")
    refused: list[str] = []

    def refuse(route: Route) -> None:
        refused.append(route.request.url)
        route.abort()

    page.route(f"**/assets/{part}", refuse, times=2)
    page.goto(f"{people.town.address}/control")
    is_whole(page)
    assert len(refused) == 2


def test_a_part_that_comes_while_the_gateway_is_killed_is_fetched_again(
    people: People, town: Town
) -> None:
    page = people.resident()
    words = page.get_by_label("Tell us in your own words")
    words.fill("It is dark.")

    def kill(route: Route) -> None:
        town.gateway.kill()
        route.continue_()

    page.route("**/assets/create-*.js", kill, times=1)
    page.get_by_role("button", name="Show on the map").click()
    is_whole(page)
    expect(words).to_have_value("It is dark.")


def test_a_part_that_a_newer_gateway_has_no_more_brings_the_newer_page(people: People) -> None:
    page = people.resident()
    page.route("**/assets/create-*.js", lambda route: route.fulfill(status=404))
    page.route(people.town.address + "/", lambda route: route.fulfill(body=NEWER), times=1)
    with page.expect_navigation():
        page.get_by_role("button", name="Show on the map").click()
    expect(page.locator(".categories label").first).to_be_visible()
