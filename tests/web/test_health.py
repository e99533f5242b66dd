"""An administrator sees how an edge is, and the link to a device, with their course."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.web.conftest import People
from tests.web.test_access import found_in_every_look

pytestmark = pytest.mark.web


def figure(page: Page, name: str) -> str:
    """Give the value that stands beside a signal's name, once its chart is drawn."""
    found = page.locator("figure", has_text=re.compile(f"^{name}"))
    expect(found.locator("canvas")).to_be_visible()
    return found.locator("strong").inner_text()


def test_an_edge_tells_of_its_queue_its_clock_and_what_it_dropped(people: People) -> None:
    page = people.staff("administrator", "/admin")
    page.locator("tbody th button").first.click()
    assert figure(page, "Share of the queue in use").endswith("%")
    assert figure(page, "Clock offset against the gateway").endswith(" s")
    assert figure(page, "Devices' messages dropped because too many came") == "0 per s"
    assert figure(page, "Readings that were dropped") == "0"
    assert found_in_every_look(page) == []


def test_the_link_to_a_device_is_drawn(people: People) -> None:
    page = people.staff("administrator", "/admin")
    page.get_by_role("searchbox").fill("lift-lesnaya-6-1-d1")
    page.locator("section", has=page.get_by_role("searchbox")).locator("tbody th button").click()
    assert figure(page, "Readings a minute").endswith("per min")
    page.get_by_role("button", name="15 min").click()
    assert figure(page, "Readings a minute").endswith("per min")
    assert found_in_every_look(page) == []
