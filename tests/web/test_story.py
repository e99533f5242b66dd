"""What people see while something breaks in the town and is mended."""

import re

import pytest
from playwright.sync_api import Locator, Page, WebSocket, expect

from tests.web.conftest import People
from tests.web.town import TESTER, Town

pytestmark = [pytest.mark.web, pytest.mark.timeout(180)]

SILENCE_MS = 80_000  # a lamp is lost 45 s after its last word
LEFT, RIGHT = "dispatcher of the left bank", "dispatcher of the right bank"
MAINS_LOST = "Lighting cabinet has lost its mains"


def rows(page: Page) -> Locator:
    return page.get_by_role("listbox", name="Worklist").get_by_role("option")


def row(page: Page, title: str, street: str) -> Locator:
    return rows(page).filter(has_text=title).filter(has_text=street)


def section(page: Page, title: str) -> Locator:
    return (
        page.get_by_role("region", name="Details")
        .locator("section")
        .filter(has=page.get_by_role("heading", name=title))
    )


def test_one_fault_from_the_testers_page_to_the_closed_case(people: People) -> None:
    left = people.staff(LEFT)
    expect(left.get_by_text("150 lamps are on")).to_be_visible(timeout=SILENCE_MS)  # dusk

    tester = people.resident()
    tester.goto(f"{TESTER}/?family=feeder_cabinet")
    lost = tester.locator("tr[data-device=cabinet-lesnaya-d1]").get_by_role(
        "button", name="mains lost"
    )
    lost.click()
    expect(lost).to_have_attribute("aria-pressed", "true")

    case = row(left, MAINS_LOST, "Lesnaya St")
    case.click()
    left.mouse.move(720, 450)

    resident = people.resident()
    resident.get_by_text("The street is dark").click()
    resident.get_by_role("combobox", name="Street and house").fill("Lesnaya")
    resident.get_by_role("option").first.click()
    resident.get_by_label("Tell us in your own words").fill("The whole street went dark.")
    resident.get_by_role("button", name="Send the report").click()
    expect(resident.get_by_text("We know of this problem already")).to_be_visible()
    expect(case).to_contain_text("1 appeal")

    expect(case).to_contain_text("×26", timeout=SILENCE_MS)
    card = left.get_by_role("region", name="Details")
    card.get_by_role("button", name="21 more incidents").click()
    card.get_by_role("button", name="Acknowledge 26").click()
    expect(card.get_by_role("button", name=re.compile("^Acknowledge"))).to_have_count(0)

    lost.click()
    contactor = tester.get_by_label("cabinet-lesnaya-d1 contactor")
    expect(lost).to_have_attribute("aria-pressed", "false")
    expect(contactor).to_have_value("0")

    command(left, "Contactor", "on")
    expect(contactor).to_have_value("1")
    expect(left.get_by_text("150 lamps are on")).to_be_visible(timeout=SILENCE_MS)
    expect(case).to_contain_text("returned to normal", timeout=SILENCE_MS)

    verb(left, "Accept", "Accepted")
    verb(left, "Report done", "Resolved")
    verb(left, "Close", "Closed")
    expect(section(left, "Evidence")).to_contain_text("Telemetry grade A")

    resident.get_by_role("link", name="Follow this report").click()
    expect(resident.locator(".status")).to_contain_text("Done")


def command(page: Page, signal: str, value: str) -> None:
    """Prepare and confirm a command in the open card, and see that it is read back."""
    page.get_by_role("button", name=f"Set… {signal}").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_text(value, exact=True).click()
    dialog.get_by_role("button", name="Prepare").click()
    dialog.get_by_role("button", name="Confirm and send").click()
    expect(dialog.get_by_role("status")).to_contain_text("The device obeyed")
    expect(dialog.get_by_role("status")).to_contain_text(f"Read back: {value}")
    dialog.get_by_role("button", name="Close").last.click()


def verb(page: Page, name: str, state: str) -> None:
    """Press a verb of the open card, and see the case move."""
    card = page.get_by_role("region", name="Details")
    card.get_by_role("button", name=name, exact=True).last.click()
    expect(card.locator("[aria-current=step]")).to_have_text(state)
