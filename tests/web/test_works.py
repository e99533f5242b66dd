"""Planned works: a dispatcher announces them, everybody sees them, and they are done on a photo."""

import cv2
import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.web.conftest import People
from tests.web.test_access import found_in_every_look, found_in_themes

pytestmark = pytest.mark.web

DISPATCHER = "dispatcher of the right bank"
TITLE = "A new luminaire"
STREET = "Polevaya"


def listed(page: Page) -> Locator:
    return page.get_by_role("listitem").filter(has=page.get_by_role("heading", name=TITLE))


def draft(people: People) -> Page:
    """Plan works from now on, of the first thing that is found there."""
    page = people.staff(DISPATCHER, "/works/plan")
    page.get_by_role("button", name="Plan works").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("What is to be done").fill(TITLE)
    dialog.get_by_label("What it cuts off").fill(STREET)
    dialog.get_by_role("button", name=STREET).first.click()
    dialog.get_by_label("What people will notice").select_option("lighting.dark")
    dialog.get_by_label("Who does it").select_option(index=1)
    assert found_in_themes(page) == []
    dialog.get_by_role("button", name="Keep the draft").click()
    expect(listed(page)).to_contain_text("Draft")
    return page


def press(page: Page, verb: str) -> Locator:
    """Press a button of the works, and give the dialog that asks once more."""
    listed(page).get_by_role("button", name=verb, exact=True).click()
    return page.get_by_role("dialog")


def confirm(dialog: Locator, verb: str) -> None:
    dialog.get_by_role("button", name=verb, exact=True).click()


def test_works_are_announced_seen_and_done_on_a_photo(people: People) -> None:
    page = draft(people)
    queue = people.resident("/works")
    expect(queue.get_by_role("heading", name="Planned works")).to_be_visible()
    expect(listed(queue)).to_have_count(0)
    confirm(press(page, "Announce"), "Announce")
    expect(listed(page)).to_contain_text("Announced")
    queue.reload()
    expect(listed(queue)).to_contain_text("Announced")
    queue.get_by_label("Street or house").fill("Nowhere")
    expect(queue.get_by_role("status")).to_have_text("Nothing is planned there.")
    queue.get_by_label("Street or house").fill("")

    dialog = press(page, "Done")
    dialog.get_by_label("What was done", exact=True).fill("It burns")
    confirm(dialog, "Done")
    expect(dialog).to_contain_text("attach a photo")
    picture = cv2.imencode(".jpg", np.full((60, 80, 3), 160, np.uint8))[1].tobytes()
    dialog.get_by_label("Photo of what was done").set_input_files(
        {"name": "lamp.jpg", "mimeType": "image/jpeg", "buffer": picture}
    )
    confirm(dialog, "Done")
    expect(dialog).to_have_count(0)
    expect(listed(page)).to_contain_text("It burns")
    queue.reload()
    expect(
        listed(queue).get_by_role("img", name=f"Photo of the work done: {TITLE}")
    ).to_be_visible()
    for each in (page, queue):
        assert found_in_every_look(each) == []
