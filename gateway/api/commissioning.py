"""Commissioning: what was expected at a place, what is there, and who signed it off."""

from typing import Literal

from fastapi import APIRouter, Response

from core.actor import Actor
from gateway.api.commissioning_models import Commissioning, SignOffForm, WithdrawalForm
from gateway.api.dependencies import Administrator, CurrentActor, GatewayParts
from gateway.parts import Parts
from gateway.registry.commissioning import CommissioningList
from gateway.sheets.commissioning import headings, rows
from gateway.sheets.table_file import as_csv

router = APIRouter(prefix="/places", tags=["registry"])


@router.get("/{place}/commissioning")
async def commissioning(place: str, actor: CurrentActor, parts: GatewayParts) -> Commissioning:
    """Give the devices of a place and of all below it, with how far each is."""
    return await _shown(_listed(parts, actor, place), parts)


@router.get("/{place}/commissioning.csv", responses={200: {"content": {"text/csv": {}}}})
async def commissioning_table(
    place: str, actor: CurrentActor, parts: GatewayParts, language: Literal["en", "ru"] = "en"
) -> Response:
    """Give the same as a table for a spreadsheet."""
    shown = await _shown(_listed(parts, actor, place), parts)
    return Response(
        as_csv(headings(language), rows(shown, language)),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="commissioning-{place}.csv"'},
    )


@router.post("/{place}/commissioning/sign-off")
async def sign_off(
    place: str, form: SignOffForm, actor: Administrator, parts: GatewayParts
) -> Commissioning:
    """Sign devices of the place off, as they are installed now; all or none of them."""
    listed = _listed(parts, actor, place)
    async with parts.database.transaction() as session:
        await listed.sign_off(session, parts.directory, parts.history, form)
    return await _shown(listed, parts)


@router.post("/{place}/commissioning/withdrawal")
async def withdraw_sign_off(
    place: str, form: WithdrawalForm, actor: Administrator, parts: GatewayParts
) -> Commissioning:
    """Take sign-offs back; what was signed stays in the history."""
    listed = _listed(parts, actor, place)
    async with parts.database.transaction() as session:
        await listed.withdraw(session, form)
    return await _shown(listed, parts)


def _listed(parts: Parts, actor: Actor, place: str) -> CommissioningList:
    return CommissioningList(parts.registry.snapshot, actor, place, parts.clock.now())


async def _shown(listed: CommissioningList, parts: Parts) -> Commissioning:
    async with parts.database.reading() as session:
        return await listed.show(session, parts.directory, parts.history)
