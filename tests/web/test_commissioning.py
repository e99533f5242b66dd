"""An administrator signs the devices of a simulated house off, and takes one back."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.web.conftest import People
from tests.web.test_access import found_in_every_look

pytestmark = pytest.mark.web

HOUSE = "/admin/commissioning/lesnaya-6"
LIFT = "lift-lesnaya-6-1-d1"


def of_house(people: People) -> Page:
    page = people.staff("administrator", HOUSE)
    expect(page.get_by_text(re.compile(r"^0 of \d+ signed off$"))).to_be_visible()
    return page


def test_a_device_that_answers_is_signed_off_and_taken_back_by_keys(people: People) -> None:
    page = of_house(people)
    row = page.get_by_role("row").filter(has_text=LIFT)
    expect(row).to_contain_text("answers")
    expect(row).not_to_contain_text("none yet")
    row.get_by_role("checkbox").press("Space")
    page.get_by_role("button", name="Sign off 1…").press("Enter")
    page.get_by_label("Remark").fill("tried by hand")
    page.get_by_role("button", name="Sign off", exact=True).press("Enter")
    expect(row).to_contain_text("Signed off by")
    expect(row).to_contain_text("tried by hand")
    expect(page.get_by_text(re.compile(r"^1 of \d+ signed off$"))).to_be_visible()
    row.get_by_role("checkbox").press("Space")
    page.get_by_role("button", name="Take back 1…").press("Enter")
    page.get_by_label("Remark").fill("the wrong lift")
    page.get_by_role("button", name="Take back", exact=True).press("Enter")
    row.get_by_text("Before: 2").click()
    expect(row).to_contain_text("Taken back by")


def test_the_filter_tells_what_is_missing_and_the_paper_has_room_to_sign(people: People) -> None:
    page = of_house(people)
    everything = page.locator("tbody tr").count()
    page.get_by_label("What is missing").select_option("signed")
    expect(page.locator("tbody tr")).to_have_count(everything)
    assert found_in_every_look(page) == []
    page.emulate_media(media="print")
    expect(page.locator(".signatures p")).to_have_count(3)
    expect(page.locator(".signatures")).to_be_visible()
    expect(page.locator(".tools")).to_be_hidden()


def test_a_house_is_found_by_its_words(people: People) -> None:
    page = people.staff("administrator", "/admin")
    page.get_by_role("link", name="Commissioning").click()
    expect(page.locator(".places a").first).to_be_visible()
    assert found_in_every_look(page) == []
    page.get_by_role("button", name="EN", exact=True).click()
    page.get_by_role("searchbox").fill("lesnaya-6")
    page.locator(".places a").first.click()
    expect(page.locator("tbody tr").first).to_be_visible()
