"""A bot of Telegram: what it is sent by webhook, and what it answers.

https://core.telegram.org/bots/api, version 9: Update, Message, PhotoSize, sendMessage, getFile.
"""

import json
from collections.abc import Mapping
from typing import Any

import structlog

from core.evidence import MAX_PHOTO
from gateway.channels.accounts import TelegramAccount
from gateway.channels.carrier import NotTaken, Parcel, Refused
from gateway.channels.correspondence import Message
from gateway.channels.outside import Answer, Outside

log = structlog.get_logger()

TELEGRAM = "telegram"
FOR_GOOD = frozenset({400, 403})  # there is no such chat, or the person has blocked the bot


class Telegram:
    def __init__(self, account: TelegramAccount, outside: Outside) -> None:
        self._account = account
        self._outside = outside

    async def message_of(self, update: Mapping[str, Any]) -> Message | None:
        """Give the message of an update; None for what is no message of a person to the bot."""
        found = update.get("message")
        if not found or found["chat"]["type"] != "private":
            return None
        if "media_group_id" in found and not found.get("caption"):
            return None  # a further picture of an album, whose first one has the words
        sender, where = found.get("from", {}), found.get("location")
        peer, number = str(found["chat"]["id"]), str(found["message_id"])
        return Message(
            via=TELEGRAM,
            peer=peer,
            thread=number,
            outside_id=f"{peer} {number}",
            text=found.get("text") or found.get("caption") or "",
            language="ru" if sender.get("language_code", "ru").startswith("ru") else "en",
            name=f"{sender.get('first_name', '')} {sender.get('last_name', '')}".strip(),
            position=(where["latitude"], where["longitude"]) if where else None,
            photos=await self._photos(found.get("photo", ())),
        )

    async def bring(self, parcel: Parcel) -> None:
        """Return once Telegram has it."""
        message: dict[str, Any] = {"chat_id": parcel.address, "text": parcel.body["text"]}
        if parcel.body["thread"]:
            message["reply_parameters"] = {
                "message_id": int(parcel.body["thread"]),
                "allow_sending_without_reply": True,
            }
        answer = await self._call("sendMessage", message)
        if answer.status in FOR_GOOD:
            raise Refused(f"Telegram answered with {answer.status}")
        if answer.status // 100 != 2:
            raise NotTaken(f"Telegram answered with {answer.status}")

    async def _photos(self, sizes: list[dict[str, Any]]) -> list[bytes]:
        """Fetch the largest that is not too large. Without it the words count all the same."""
        fitting = [size for size in sizes if size.get("file_size", 0) <= MAX_PHOTO]
        if not fitting:
            return []
        largest = max(fitting, key=lambda size: size["width"] * size["height"])
        try:
            found = await self._call("getFile", {"file_id": largest["file_id"]})
            path = json.loads(found.content)["result"]["file_path"]
            answer = await self._outside.get(
                f"{self._account.api}/file/bot{self._account.token}/{path}"
            )
        except (NotTaken, Refused, ValueError, KeyError) as error:
            log.warning("photo not fetched", via=TELEGRAM, error=type(error).__name__)
            return []
        return [answer.content] if answer.status == 200 else []

    async def _call(self, method: str, body: Mapping[str, Any]) -> Answer:
        return await self._outside.post(
            f"{self._account.api}/bot{self._account.token}/{method}",
            json.dumps(body).encode(),
            {"Content-Type": "application/json"},
        )
