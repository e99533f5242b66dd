"""The registry as one document: put in force by an administrator, and given back."""

from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

from core.actor import Actor
from core.errors import DomainError
from gateway.api.dependencies import Administrator, GatewayParts, Reading, TheClock, TheRegistry
from gateway.registry.document import decode_registry
from gateway.registry.rows import read_registry, replace_registry

router = APIRouter(prefix="/registry", tags=["registry"])

DOCUMENT = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": {"type": "object"}}},
    }
}


def administrator_of_all(actor: Administrator, registry: TheRegistry) -> Actor:
    """Let pass who administers the whole territory; 403 for others: the document holds it all."""
    if registry.places[actor.place].place.parent is not None:
        raise DomainError(
            "forbidden",
            "The registry is one document for the whole territory. Only an administrator of all "
            f"of it may see and replace it; yours is {actor.place}.",
        )
    return actor


AdministratorOfAll = Annotated[Actor, Depends(administrator_of_all)]


class Revision(BaseModel):
    """Which revision of the registry is in force now."""

    revision: int


@router.put("", openapi_extra=DOCUMENT)
async def put_registry(
    _actor: AdministratorOfAll, request: Request, clock: TheClock, parts: GatewayParts
) -> Revision:
    """Replace the registry by a core.registry.Registry as JSON, whole or not at all."""
    registry = await run_in_threadpool(decode_registry, await request.body())
    async with parts.database.transaction() as session:
        revision = await replace_registry(session, clock, registry)
    async with parts.database.reading() as session:
        await parts.registry.reload(session)
    return Revision(revision=revision)


@router.get("", responses={200: {"content": {"application/json": {}}}})
async def get_registry(_actor: AdministratorOfAll, session: Reading) -> Response:
    """Give the registry in force, as it can be put back."""
    registry, _ = await read_registry(session)
    return Response(msgspec.json.encode(registry), media_type="application/json")
