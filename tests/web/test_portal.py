"""What a resident types wrongly is refused with words that say what to do, and nothing is lost."""

import pytest
from playwright.sync_api import FilePayload, Page, expect

from tests.web.conftest import People

pytestmark = pytest.mark.web

WORDS = "It is dark by the second entrance since yesterday."


def filled(people: People, words: str = WORDS, house: str = "Shkolnaya") -> Page:
    """Give the form with everything in it that a report needs."""
    page = people.resident()
    page.get_by_text("The street is dark").click()
    if house:
        page.get_by_role("combobox", name="Street and house").fill(house)
        page.get_by_role("option").first.click()
    page.get_by_label("Tell us in your own words").fill(words)
    page.get_by_label("E-mail").fill("anna@example.org")
    return page


def send(page: Page) -> None:
    page.get_by_role("button", name="Send the report").click()


def keeps(page: Page, words: str) -> None:
    """See that everything typed is still there."""
    expect(page.get_by_role("radio", name="The street is dark")).to_be_checked()
    expect(page.get_by_label("Tell us in your own words")).to_have_value(words)
    expect(page.get_by_label("E-mail")).to_have_value("anna@example.org")


def test_a_report_without_a_place_is_asked_for_one(people: People) -> None:
    page = filled(people, house="")
    send(page)
    expect(page.get_by_text("Choose a house or show the place on the map.")).to_be_visible()
    keeps(page, WORDS)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("dark " * 1999 + "dark!", "There are 10000 characters here, at most 4000 are taken."),
        ("Dark <script>alert(1)</script> again", "Remove the markup (<…>) and write plain text."),
    ],
    ids=["10,000 characters", "markup"],
)
def test_words_that_are_not_taken_stay_on_the_page(people: People, words: str, told: str) -> None:
    page = filled(people, words)
    send(page)
    expect(page.locator("#words-error")).to_contain_text(told)
    keeps(page, words)


def test_a_russian_reader_is_told_in_russian(people: People) -> None:
    page = filled(people, "Темно <b>везде</b>")
    page.get_by_role("button", name="RU", exact=True).click()
    page.get_by_role("button", name="Отправить обращение").click()
    expect(page.locator("#words-error")).to_contain_text("Уберите разметку")


def test_an_executable_with_the_name_of_a_photo_is_refused(people: People) -> None:
    page = filled(people)
    program = FilePayload(name="yard.jpg", mimeType="image/jpeg", buffer=b"MZ\x90\x00" * 64)
    page.get_by_label("Add a photo").set_input_files(program)
    send(page)
    expect(page.locator("#photo-error")).to_contain_text("Attach a JPEG, PNG or WebP photo.")
    keeps(page, WORDS)


def test_what_was_typed_survives_a_reload(people: People) -> None:
    page = filled(people)
    page.reload()
    keeps(page, WORDS)


def test_what_is_known_of_a_house_is_joined_with_one_press(people: People) -> None:
    send(filled(people))
    page = people.resident()
    page.get_by_role("combobox", name="Street and house").fill("Shkolnaya")
    page.get_by_role("option").first.click()
    known = page.get_by_role("region", name="We know of this here already")
    trouble = known.get_by_role("listitem").filter(has_text="The street is dark").first
    trouble.get_by_role("button", name="I have this, too").click()
    expect(page.get_by_text("your report has joined it")).to_be_visible()


def test_words_alone_are_enough_and_say_what_they_read_like(people: People) -> None:
    page = people.resident()
    page.get_by_role("combobox", name="Street and house").fill("Shkolnaya")
    page.get_by_role("option").first.click()
    words = page.get_by_label("Tell us in your own words")
    words.fill("Somebody is trapped in the lift and cannot get out")
    words.blur()
    read = page.get_by_role("status").get_by_role("button", name="Passenger trapped in a lift")
    read.click()
    expect(page.get_by_role("radio", name="Passenger trapped in a lift")).to_be_checked()
    page.get_by_text("Something else in the yard").click()
    send(page)
    expect(page.get_by_role("heading", name="Thank you. The report is filed.")).to_be_visible()
