"""An administrator lets a machine become an edge by a token, and calls an edge back."""

import re

import pytest
from playwright.sync_api import expect

from tests.web.conftest import People
from tests.web.test_access import found_in_themes

pytestmark = pytest.mark.web


def test_a_token_is_shown_once_with_the_command_to_run(people: People) -> None:
    page = people.staff("administrator", "/admin")
    page.get_by_role("button", name="Enrol…").first.click()
    page.get_by_role("button", name="Make a token").click()
    expect(page.locator("code.token")).to_have_text(
        re.compile(r"^kvartal edge enrol kvartal1\.\S+$")
    )
    assert found_in_themes(page) == []
    page.get_by_role("button", name="Close").click()
    page.get_by_role("button", name="Enrol…").first.click()
    expect(page.get_by_role("button", name="Make a token")).to_be_visible()
    expect(page.locator("code.token")).to_have_count(0)


def test_an_edge_is_called_back_only_after_a_second_press(people: People) -> None:
    page = people.staff("administrator", "/admin")
    page.get_by_role("button", name="Revoke…").first.click()
    assert found_in_themes(page) == []
    page.get_by_role("button", name="Revoke", exact=True).click()
    expect(page.get_by_text(re.compile(r"0 certificates are called back"))).to_be_visible()
