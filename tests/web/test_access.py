"""Everybody can use the pages: axe-core finds nothing in any of them, in both themes and languages.

The rules are those of WCAG 2.2 AA and axe's own best practice.
"""

from typing import Literal

import pytest
from playwright.sync_api import Page, expect

from tests.web.conftest import People
from tests.web.town import TESTER, Town

pytestmark = pytest.mark.web

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# Colours that are still on their way to a theme are nobody's.
FIND = """async (tags) => {
    const dark = matchMedia("(prefers-color-scheme: dark)").matches;
    const {theme} = document.documentElement.dataset;
    while (theme && document.documentElement.dataset.theme !== (dark ? "dark" : "light"))
        await new Promise(requestAnimationFrame);
    while (document.getAnimations().some((each) => each instanceof CSSTransition))
        await new Promise(requestAnimationFrame);
    const {violations} = await axe.run({runOnly: tags});
    return violations.map((each) => `${each.id}: ${each.nodes.map((node) => node.html).join(" ")}`);
}"""
MOVES = """() => document.getAnimations().some(
    (each) => each instanceof CSSAnimation && each.playState === "running")"""
GROUND = "() => getComputedStyle(document.documentElement).backgroundColor"
PAINT = "(element) => getComputedStyle(element).backgroundColor"
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


@pytest.mark.parametrize(
    ("path", "mark"),
    [
        ("/", ".categories label"),
        ("/follow", ".follow-form"),
        ("/sign-in", "form"),
        ("/works", ".works input"),
        ("/league", ".service p"),
        ("/nowhere", "main a"),
    ],
)
def test_axe_finds_nothing_in_a_public_page(people: People, path: str, mark: str) -> None:
    page = people.resident(path)
    expect(page.locator(mark).first).to_be_visible()
    assert found_in_every_look(page) == []


@pytest.mark.parametrize(
    ("who", "path", "mark"),
    [
        ("dispatcher", "/control/asset/yard-camera-lesnaya-1", ".signals li"),
        ("executor (City Light)", "/field", "main .quiet-state, main .task"),
        ("administrator", "/admin", "tbody tr"),
        ("administrator", "/figures", ".service td, .service .quiet-state"),
    ],
)
def test_axe_finds_nothing_in_a_page_of_staff(
    people: People, who: str, path: str, mark: str
) -> None:
    page = people.staff(who, path)
    expect(page.locator(mark).first).to_be_visible()
    assert found_in_every_look(page) == []


def test_nothing_moves_for_those_who_ask_for_it(people: People, town: Town) -> None:
    page = people.staff("dispatcher of the left bank")
    flashing = page.locator(".case-row.flashing")
    with town.fault("lift_stopped", "lift-lesnaya-6-1-d1"):
        expect(flashing.first).to_be_visible()
        page.wait_for_function(MOVES)
        page.emulate_media(reduced_motion="reduce")
        page.wait_for_function(f"() => !({MOVES})()")
        expect(flashing.first).to_be_visible()


def test_forced_colours_leave_every_state_to_be_seen(people: People, town: Town) -> None:
    page = people.staff("dispatcher of the left bank")
    page.emulate_media(forced_colors="active")
    with town.fault("lift_stopped", "lift-lesnaya-12-1-d1"):
        page.locator(".case-row").first.click()
        case = page.locator(".case-row[aria-selected=true]")
        expect(case).to_have_css("outline-style", "solid")
        expect(case.locator(".priority path")).to_have_css("fill", page.evaluate(GROUND))
        assert page.evaluate(FIND, TAGS) == []
        language = page.get_by_role("button", name="EN", exact=True)
        assert language.evaluate(PAINT) != page.get_by_role("button", name="RU").evaluate(PAINT)


def test_axe_finds_nothing_in_the_testers_page(people: People) -> None:
    page = people.resident()
    page.goto(f"{TESTER}/?family=heat_point")
    expect(page.locator("tbody tr").first).to_be_visible()
    found = found_in_themes(page)
    page.get_by_role("button", name="Русский").click()
    assert found + found_in_themes(page) == []


def found_in_every_look(page: Page) -> list[str]:
    """Give what axe finds in each language and theme, a line for each rule that is broken."""
    found = []
    for language in ("EN", "RU"):
        switch = page.get_by_role("button", name=language, exact=True)
        if switch.count():  # a page without words of its own choice has no switch
            switch.click()
        found += [f"{language} {each}" for each in found_in_themes(page)]
    return found


def found_in_themes(page: Page) -> list[str]:
    found = []
    for theme in THEMES:
        page.emulate_media(color_scheme=theme)
        found += [f"{theme} {each}" for each in page.evaluate(FIND, TAGS)]
    return found
