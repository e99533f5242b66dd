"""What VK and Telegram call when somebody writes to our accounts there."""

from hmac import compare_digest
from typing import Any

from fastapi import APIRouter, Request, Response

from core.errors import DomainError
from gateway.api.dependencies import GatewayParts

router = APIRouter(prefix="/hooks", tags=["hooks"], include_in_schema=False)

DONE = "ok"  # VK repeats everything that is not answered so


@router.post("/telegram")
async def take_update(update: dict[str, Any], request: Request, parts: GatewayParts) -> Response:
    """Take an update. It is repeated until it is answered with 200."""
    telegram, account = parts.messengers.telegram, parts.messengers.accounts.telegram
    shown = request.headers.get("x-telegram-bot-api-secret-token", "")
    if telegram is None or account is None or not _same(shown, account.secret):
        raise DomainError("forbidden", "This is not the secret of our bot.")
    try:
        message = await telegram.message_of(update)
    except (KeyError, TypeError, AttributeError) as error:
        raise DomainError("invalid", f"The update is not understood: {error!r}.") from error
    if message is not None:
        await parts.correspondence.take(message)
    return Response()


@router.post("/vk")
async def take_event(event: dict[str, Any], parts: GatewayParts) -> Response:
    """Take an event, or confirm that the address is ours."""
    vk, account = parts.messengers.vk, parts.messengers.accounts.vk
    shown = str(event.get("secret", ""))
    if vk is None or account is None or event.get("group_id") != account.group:
        raise DomainError("forbidden", "This is not our community.")
    if event.get("type") == "confirmation":
        return Response(account.confirmation, media_type="text/plain")
    if not _same(shown, account.secret):
        raise DomainError("forbidden", "This is not the secret of our community.")
    try:
        message = await vk.message_of(event)
    except (KeyError, TypeError, AttributeError) as error:
        raise DomainError("invalid", f"The event is not understood: {error!r}.") from error
    if message is not None:
        await parts.correspondence.take(message)
    return Response(DONE, media_type="text/plain")


def _same(shown: str, secret: str) -> bool:
    return compare_digest(shown.encode(), secret.encode())
