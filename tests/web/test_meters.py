"""Meters for billing: residents see those of their flat, others the balance of a house."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.gateway.photos import photo
from tests.web.conftest import People
from tests.web.test_access import found_in_every_look, found_in_themes
from tests.web.town import until

pytestmark = pytest.mark.web

RESIDENT, DISPATCHER = "resident of flat 12", "dispatcher of the left bank"
HOUSE = "/meters/lesnaya-1"
FIRST_READING_S = 60.0  # until a meter of the town has told what it shows
JOURNAL_S = 180.0  # until the dispatcher of the script has entered it


def my_meters(people: People) -> Page:
    page = people.resident()
    page.goto(people.town.links[RESIDENT])
    page.wait_for_url("**/my-meters")
    expect(page.get_by_role("heading", name="Cold water")).to_be_visible()
    return page


def balance_of_water(page: Page) -> Locator:
    return page.get_by_role("table", name="Balance").get_by_role("row", name="Cold water")


def house_of_former_month(people: People) -> Page:
    """Open the house as it was in the month before this one, once its journal is entered."""
    page = people.staff(DISPATCHER, HOUSE)

    def is_known() -> bool:
        page.reload()
        page.get_by_label("Month").select_option(index=1)
        expect(balance_of_water(page)).to_be_visible()
        return "%" in balance_of_water(page).inner_text()

    until(is_known, JOURNAL_S)
    return page


def test_a_house_shows_what_was_lost_and_which_verification_is_over(people: People) -> None:
    page = house_of_former_month(people)
    expect(balance_of_water(page)).to_contain_text("m³ (7.4")
    first = page.get_by_role("table", name="Meters and verification").get_by_role("row").nth(1)
    expect(first).to_contain_text("flat 3")
    expect(first).to_contain_text("Verification ended on")
    assert found_in_every_look(page) == []


def test_a_closed_period_is_a_sheet_with_every_meter(people: People) -> None:
    page = house_of_former_month(people)
    with page.expect_download() as download:
        page.get_by_role("link", name="Closed period, CSV").click()
    text = download.value.path().read_text(encoding="utf-8-sig")
    assert sum("lesnaya-1-12" in line for line in text.splitlines()) == 2


def test_a_resident_sees_months_and_what_they_cost(people: People) -> None:
    house_of_former_month(people)
    page = my_meters(people)
    page.get_by_label("Show by").select_option("Months")
    water = page.locator("section", has=page.get_by_role("heading", name="Cold water"))
    expect(water.get_by_role("row", name="October 2026")).to_contain_text("by readings of people")
    assert found_in_every_look(page) == []


def cold_water(page: Page) -> Locator:
    return page.locator("section", has=page.get_by_role("heading", name="Cold water"))


def shown(people: People, page: Page) -> float:
    """Give what the cold water meter shows, and show it, once the meter has told it."""
    address = f"{people.town.address}/api/v1/meters/water-lesnaya-1-12/readings"

    def told() -> list[float]:
        return [each["value"] for each in page.request.get(address).json()["shown"]]

    until(lambda: bool(told()), FIRST_READING_S)
    page.reload()
    expect(cold_water(page).get_by_text(re.compile(r"Shows \d"))).to_be_visible()
    return told()[0]


def test_a_resident_sends_a_reading_with_a_photo_that_staff_sees(people: People) -> None:
    page = my_meters(people)
    water = cold_water(page)
    before = shown(people, page)
    water.get_by_label("What the meter shows").fill(str(before + 1))
    dial = {"name": "dial.jpg", "mimeType": "image/jpeg", "buffer": photo(1)}
    water.locator("input[type=file]").set_input_files(dial)
    expect(water.get_by_text("dial.jpg")).to_be_visible()
    water.get_by_role("button", name="Send the reading").click()
    expect(water.get_by_role("status")).to_have_text("The reading is taken. Thank you.")
    expect(water.get_by_label("What the meter shows")).to_have_value("")
    expect(water.get_by_text("Add a photo of the dial")).to_be_visible()

    staff = people.staff(DISPATCHER, HOUSE)
    sent = staff.get_by_role("table", name="Readings that people sent")
    expect(sent.get_by_role("img", name="flat 12").first).to_be_visible()
    assert found_in_every_look(staff) == []


def test_a_reading_that_cannot_be_is_refused_with_what_is_wanted(people: People) -> None:
    page = my_meters(people)
    water = cold_water(page)
    field = water.get_by_label("What the meter shows")
    send = water.get_by_role("button", name="Send the reading")
    shown(people, page)
    field.fill("about two hundred")
    send.click()
    expect(water.get_by_role("alert")).to_have_text(
        "Copy the digits from the meter, like 1949 or 1949.5."
    )
    field.fill("5")
    send.click()
    expect(water.get_by_role("alert")).to_contain_text("5 is less")
    expect(field).to_have_value("5")
    assert found_in_every_look(page) == []


def test_an_administrator_records_that_a_meter_was_replaced(people: People) -> None:
    page = people.staff("administrator", HOUSE)
    meters = page.get_by_role("table", name="Meters and verification")
    row = meters.get_by_role("row").filter(has_text="Water meter, 1 Lesnaya St, flat 20")
    row.get_by_role("button", name="Replace the meter").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Serial number of the new meter").fill("26-10933")
    dialog.get_by_label("Last reading of the former meter").fill("a lot")
    dialog.get_by_role("button", name="Record the replacement").click()
    expect(dialog.get_by_role("alert").filter(has_text="Copy the digits")).to_be_visible()
    assert found_in_themes(page) == []
    dialog.get_by_label("Last reading of the former meter").fill("2001,5")
    dialog.get_by_label("First reading of the new meter").fill("0,2")
    dialog.get_by_role("button", name="Record the replacement").click()
    expect(dialog).to_have_count(0)
    expect(row).to_contain_text("26-10933")
    expect(row).to_contain_text("none")  # no seal yet
