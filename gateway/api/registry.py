"""The registry as one document: put in force by an administrator, and given back."""

import msgspec
from fastapi import APIRouter, Request, Response
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

from gateway.api.dependencies import Administrator, GatewayParts, Reading, TheClock
from gateway.registry_document import decode_registry
from gateway.registry_rows import read_registry, replace_registry

router = APIRouter(prefix="/registry", tags=["registry"])

DOCUMENT = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": {"type": "object"}}},
    }
}


class Revision(BaseModel):
    """Which revision of the registry is in force now."""

    revision: int


@router.put("", openapi_extra=DOCUMENT)
async def put_registry(
    _actor: Administrator, request: Request, clock: TheClock, parts: GatewayParts
) -> Revision:
    """Replace the registry by a core.registry.Registry as JSON, whole or not at all."""
    registry = await run_in_threadpool(decode_registry, await request.body())
    async with parts.database.transaction() as session:
        revision = await replace_registry(session, clock, registry)
    async with parts.database.reading() as session:
        await parts.registry.reload(session)
    return Revision(revision=revision)


@router.get("", responses={200: {"content": {"application/json": {}}}})
async def get_registry(_actor: Administrator, session: Reading) -> Response:
    """Give the registry in force, as it can be put back."""
    registry, _ = await read_registry(session)
    return Response(msgspec.json.encode(registry), media_type="application/json")
