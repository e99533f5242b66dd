"""The routing table through HTTP: explained, tried on the past, and replaced by a sheet."""

import io
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import httpx
from openpyxl import Workbook
from sqlalchemy import update

from core.clock import SystemClock
from gateway.storage.case_tables import CaseRow
from tests.gateway.test_case_routes import COMPLAINT, Gateway

Play = Callable[[Callable[[Gateway], Awaitable[None]]], None]
TABLE = "/api/v1/routing"


def uploaded(*rows: str) -> dict[str, Any]:
    return {"sheet": ("routing.csv", "\n".join(rows).encode())}


def of_all(gateway: Gateway) -> Any:
    return gateway.signed_in("administrator", "prirechye")


async def tried(administrator: httpx.AsyncClient, *rows: str, **days: str) -> Any:
    answer = await administrator.post(f"{TABLE}/trial", files=uploaded(*rows), data=days)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_what_is_exported_is_taken_back_without_a_change(play: Play) -> None:
    async def scene(gateway: Gateway) -> None:
        async with of_all(gateway) as administrator:
            for language in ("en", "ru"):
                path = f"{TABLE}/table.csv?language={language}"
                sheet = (await administrator.get(path)).content
                trial = await administrator.post(f"{TABLE}/trial", files={"sheet": ("a", sheet)})
                assert (trial.status_code, trial.json()["changes"]) == (200, [])

    play(scene)


def test_a_workbook_in_words_is_read_like_ids(play: Play) -> None:
    book = Workbook()
    book.active.append(["Вид", "Территория", "Дни", "Часы", "Тяжесть", "Исполнитель"])
    book.active.append(["Лифт", "left bank", "выходные", "9:00 – 18:00", "высокая", "City Light"])
    content = io.BytesIO()
    book.save(content)

    async def scene(gateway: Gateway) -> None:
        async with of_all(gateway) as administrator:
            files = {"sheet": ("a.xlsx", content.getvalue())}
            (row,) = (await administrator.post(f"{TABLE}/trial", files=files)).json()["rows"]
        found = [row[key] for key in ("category", "place", "days", "hours", "severity", "executor")]
        assert found == ["lift.", "left", "off", "09:00-18:00", "high", "light"]
        assert row["words"]["en"] == (
            "category “Lift”, territory “Left Bank”, severity high or worse, on days off, "
            "from 09:00 to 18:00 → City Light"
        )

    play(scene)


def test_everything_wrong_with_a_sheet_is_listed(play: Play) -> None:
    sheet = uploaded(
        "category,territory,hours,executor", "lifts,,,light", ",mars,8-20,", ",,,nobody"
    )

    async def scene(gateway: Gateway) -> None:
        async with of_all(gateway) as administrator:
            refused = await administrator.post(f"{TABLE}/trial", files=sheet)
            assert refused.status_code == 422
            assert [each["message"] for each in refused.json()["errors"]] == [
                "sheet:2: category: 'lifts' is not known",
                "sheet:3: executor: is empty; wanted who does the work",
                "sheet:3: territory: 'mars' is not known",
                "sheet:4: executor: 'nobody' is not known",
                "sheet:3: hours: wanted hours like 20:00-08:00, found '8-20'",
            ]
            not_a_sheet = {"sheet": ("a.xlsx", b"PK nothing")}
            assert (await administrator.post(f"{TABLE}/trial", files=not_a_sheet)).is_client_error

    play(scene)


def test_a_trial_says_which_cases_of_yesterday_would_go_elsewhere(play: Play) -> None:
    async def scene(gateway: Gateway) -> None:
        async with gateway.browser() as resident:
            await resident.post("/api/v1/public/appeals", data=COMPLAINT)
        now = SystemClock().now()
        async with gateway.parts.database.transaction() as session:
            await session.execute(update(CaseRow).values(opened_at=now - timedelta(days=1)))
        async with of_all(gateway) as administrator:
            trial = await tried(administrator, "category,executor", "lift.,light")
            assert (trial["cases"], trial["moved"], trial["matched"]) == (1, 1, [0])
            (move,) = trial["moves"]
            assert (move["from_name"]["en"], move["to_name"]["en"]) == (
                "City Light",
                "Duty service",
            )
            assert [each["case"] for each in trial["moved_cases"]] == [1]
            assert (trial["ended_before"], trial["ended_after"]) == (1, 0)
            assert [each["change"] for each in trial["changes"]] == ["removed", "added"]
            other = await tried(
                administrator, "executor", "light", since="2020-01-01", until="2020-01-02"
            )
            assert (other["cases"], other["since"]) == (0, "2020-01-01T00:00:00+03:00")

    play(scene)


def test_a_sheet_is_put_in_force_on_the_revision_on_which_it_was_tried(play: Play) -> None:
    sheet = uploaded("executor,category", "light,", "light,lift.")

    async def scene(gateway: Gateway) -> None:
        async with of_all(gateway) as administrator:
            trial = (await administrator.post(f"{TABLE}/trial", files=sheet)).json()
            form = {"revision": trial["revision"]}
            put = await administrator.put(TABLE, files=sheet, data=form)
            assert put.json() == {"revision": trial["revision"] + 1}
            table = (await administrator.get(TABLE)).json()
            assert [row["shadowed_by"] for row in table["rows"]] == [None, 1]
            again = await administrator.put(TABLE, files=sheet, data=form)
            assert again.json()["type"].endswith("registry_changed")

    play(scene)


def test_only_who_administers_all_of_it_tries_and_changes_the_table(play: Play) -> None:
    async def scene(gateway: Gateway) -> None:
        async with gateway.signed_in("administrator", "left") as other:
            sheet = uploaded("executor", "light")
            assert (await other.post(f"{TABLE}/trial", files=sheet)).status_code == 403
            assert (await other.put(TABLE, files=sheet, data={"revision": 1})).status_code == 403

    play(scene)


def test_a_routing_is_explained_row_by_row(play: Play, town: dict[str, Any]) -> None:
    town["routes"] = [
        {"executor": "light", "category": "lift."},
        {"executor": "light", "place": "right", "severity": "critical", "hours": "20:00-08:00"},
        {"executor": "light", "category": "lighting."},
    ]

    async def scene(gateway: Gateway) -> None:
        async with gateway.signed_in() as dispatcher:
            form = {"category": "lighting.lamp", "asset": "lamp-1", "at": "2026-06-08T12:00+03:00"}
            found = (await dispatcher.post(f"{TABLE}/explain", json=form)).json()
            assert (found["executor"], found["row"]) == ("light", 3)
            assert found["reason"]["en"].startswith("City Light: row 3 of the routing table")
            assert [row["against"] for row in found["rows"]] == [
                ["category"], ["place", "severity", "hours"], [],
            ]  # fmt: skip
            form["severity"], form["place"] = "critical", "beregovaya"
            elsewhere = await dispatcher.post(f"{TABLE}/explain", json=form)
            assert elsewhere.status_code == 404  # of the other bank

    play(scene)
