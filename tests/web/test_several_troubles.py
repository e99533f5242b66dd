"""A message of several troubles is taken apart on the card with one press."""

import pytest
from playwright.sync_api import expect

from tests.web.conftest import People
from tests.web.test_access import found_in_themes

pytestmark = pytest.mark.web

WORDS = "1. Сломана скамейка у подъезда. 2. Нет горячей воды с утра. 3. Лифт не едет."


def test_each_trouble_of_a_message_gets_a_case_with_one_press(people: People) -> None:
    page = people.resident()
    page.get_by_text("Something else in the yard").click()
    page.get_by_role("combobox", name="Street and house").fill("Mira")
    page.get_by_role("option").first.click()
    page.get_by_label("Tell us in your own words").fill(WORDS)
    page.get_by_role("button", name="Send the report").click()
    number = page.get_by_text("Number", exact=True).locator("xpath=../dd").inner_text()

    desk = people.staff("dispatcher of the left bank")
    of_yard = desk.get_by_role("option").filter(has_text="Something else in the yard")
    of_yard.filter(has_text="Mira St").first.click()
    parts = desk.get_by_role("form", name=f"Parts of {number}")
    expect(parts.get_by_role("combobox")).to_have_count(3)
    expect(parts.get_by_role("combobox").nth(1)).to_have_value("water.none")
    assert found_in_themes(desk) == []
    parts.get_by_role("button", name="Take 2 out").click()
    expect(parts).to_be_hidden()
    expect(desk.get_by_text(f"{number}/2 was taken out of appeal {number}")).to_be_visible()
