"""An executor's day on a phone: from the offered task to the report that it is done."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.web.conftest import People
from tests.web.test_access import found_in_themes
from tests.web.town import Town

pytestmark = [pytest.mark.web, pytest.mark.timeout(180)]

PHONE = {"width": 390, "height": 844}
FINGER = 48  # pixels
SENT_MS = 30_000
TITLE = "A street light is out"
TOO_SMALL = """least => [...document.querySelectorAll('.task button, .task .button')]
    .filter(each => each.getClientRects().length && each.getBoundingClientRect().height < least)
    .map(each => each.textContent)"""


def complain(page: Page, town: Town) -> tuple[float, float]:
    """Complain of a street light, and give where it is."""
    known = page.request.get(f"{town.address}/api/v1/map").json()
    lamp = next(each for each in known["assets"] if each["kind"] == "street_light")
    form = {
        "category": "lighting.lamp",
        "description": "The light at our gate is out",
        "latitude": str(lamp["latitude"]),
        "longitude": str(lamp["longitude"]),
    }
    headers = {"Origin": town.address}
    answer = page.request.post(
        f"{town.address}/api/v1/public/appeals", multipart=form, headers=headers
    )
    assert answer.status == 201, answer.text()
    return lamp["latitude"], lamp["longitude"]


def take_photo(task: Locator, page: Page, point: str) -> None:
    item = task.get_by_role("listitem").filter(has_text=point).first
    item.get_by_role("button", name=f"Photo: {point}").click()
    shoot = page.get_by_role("dialog").get_by_role("button", name="Take the photo")
    expect(shoot).to_be_enabled()
    shoot.click()
    expect(item.get_by_role("status")).to_have_text(re.compile("grade A"), timeout=SENT_MS)


def test_an_executor_works_through_a_task_on_the_phone(people: People, town: Town) -> None:
    page = people.staff("executor (City Light)")
    page.set_viewport_size(PHONE)
    latitude, longitude = complain(page, town)
    page.context.set_geolocation({"latitude": latitude, "longitude": longitude, "accuracy": 6})
    page.context.grant_permissions(["geolocation", "camera"])

    task = page.locator(".task").filter(has_text=TITLE).first
    task.locator(".summary").click()
    for step in ("Accept", "On my way", "On site", "Begin the work"):
        task.get_by_role("button", name=step, exact=True).click()
    done = task.get_by_role("button", name="Report done")
    expect(done).to_be_disabled()
    expect(task).to_contain_text("Take a photo: The street light before.")

    take_photo(task, page, "The street light before")
    task.get_by_label("Voltage at its supply, V").fill("229")
    task.get_by_label("Voltage at its supply: Instrument").fill("Fluke 117")
    task.get_by_role("button", name="Store: Voltage at its supply").click()
    expect(task).to_contain_text("229 V Fluke 117")
    take_photo(task, page, "The street light after")

    assert page.evaluate(TOO_SMALL, FINGER) == []
    assert page.evaluate("() => document.documentElement.scrollWidth") <= PHONE["width"]
    assert found_in_themes(page) == []

    expect(done).to_be_enabled()
    done.click()
    expect(task.get_by_text("Reported done", exact=True)).to_be_visible()
