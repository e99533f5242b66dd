"""What is set at a device alone is not offered on the page."""

import pytest
from playwright.sync_api import expect

from tests.web.conftest import People
from tests.web.test_access import found_in_themes

pytestmark = pytest.mark.web


def test_a_lift_can_be_taken_out_of_service_and_not_put_back(people: People) -> None:
    page = people.staff("dispatcher of the left bank", "/control/asset/lift-lesnaya-1-1")
    page.get_by_role("button", name="Set… Taken out of service").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("radio")).to_have_count(1)
    expect(dialog.get_by_text("taken out", exact=True)).to_be_visible()
    expect(dialog.get_by_text("“in service” is set by hand, at the device itself")).to_be_visible()
    assert found_in_themes(page) == []
