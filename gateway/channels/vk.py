"""A community of VK: what its Callback API tells, and what the community answers.

https://dev.vk.com/api/callback, version 5.199: message_new, wall_post_new, wall_reply_new;
messages.send, wall.createComment.
"""

import json
import zlib
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import structlog

from core.appeal import MAX_DESCRIPTION
from core.evidence import MAX_PHOTOS
from gateway.cases.answers import WALL
from gateway.channels.accounts import VkAccount
from gateway.channels.carrier import NotTaken, Parcel, Refused
from gateway.channels.correspondence import Message
from gateway.channels.outside import Outside

log = structlog.get_logger()

VK = "vk"
VERSION = "5.199"
# Permission denied by the person, or the post is gone: codes of the API's errors.
FOR_GOOD = frozenset({15, 100, 212, 213, 900, 901, 902})


class Vk:
    """outside: for the API; photos: for links in messages, which may be anybody's."""

    def __init__(self, account: VkAccount, outside: Outside, photos: Outside) -> None:
        self._account = account
        self._outside = outside
        self._photos = photos

    async def message_of(self, event: Mapping[str, Any]) -> Message | None:
        """Give what a person wrote; None for what the community wrote itself, and for the rest."""
        match event["type"]:
            case "message_new":
                said = event["object"]["message"]
                peer, thread = str(said["peer_id"]), str(said["id"])
            case "wall_post_new":
                said = event["object"]
                peer, thread = f"{WALL}{said['owner_id']}_{said['id']}", ""
            case "wall_reply_new":
                said = event["object"]
                peer = f"{WALL}{said['post_owner_id']}_{said['post_id']}"
                thread = str(said["id"])
            case _:
                return None
        if said["from_id"] <= 0:
            return None
        photos, links = await self._pictures(said.get("attachments", ()))
        where = said.get("geo", {}).get("coordinates")
        return Message(
            via=VK,
            peer=peer,
            thread=thread,
            outside_id=f"{event['type']} {peer} {thread}",
            text=said.get("text", ""),
            language="ru",
            position=(where["latitude"], where["longitude"]) if isinstance(where, dict) else None,
            photos=photos,
            links=links,
        )

    async def bring(self, parcel: Parcel) -> None:
        """Return once VK has it."""
        text = parcel.body["text"][:MAX_DESCRIPTION]
        # The same number is the same message: VK takes it once.
        number = str(zlib.crc32(parcel.id.encode()) & 0x7FFF_FFFF)
        if parcel.address.startswith(WALL):
            owner, _, post = parcel.address.removeprefix(WALL).partition("_")
            fields = {"owner_id": owner, "post_id": post, "message": text, "guid": number}
            if parcel.body["thread"]:
                fields["reply_to_comment"] = parcel.body["thread"]
            method = "wall.createComment"
        else:
            fields = {"peer_id": parcel.address, "message": text, "random_id": number}
            method = "messages.send"
        fields |= {"access_token": self._account.token, "v": VERSION}
        answer = await self._outside.post(
            f"{self._account.api}/method/{method}",
            urlencode(fields).encode(),
            {"Content-Type": "application/x-www-form-urlencoded"},
        )
        try:
            error = json.loads(answer.content).get("error")
        except ValueError as wrong:
            raise NotTaken(f"VK answered with {answer.status}") from wrong
        if error:
            code = error.get("error_code")
            raise (Refused if code in FOR_GOOD else NotTaken)(f"VK answered with error {code}")

    async def _pictures(self, attachments: list[dict[str, Any]]) -> tuple[list[bytes], list[str]]:
        """Fetch the largest of each photo; what cannot be fetched is kept as a link."""
        sizes = [each["photo"]["sizes"] for each in attachments if each["type"] == "photo"]
        photos: list[bytes] = []
        links: list[str] = []
        for found in sizes[:MAX_PHOTOS]:
            url = max(found, key=lambda size: size["width"] * size["height"])["url"]
            try:
                answer = await self._photos.get(url)
            except (NotTaken, Refused) as error:
                log.warning("photo not fetched", via=VK, error=type(error).__name__)
                links.append(url)
                continue
            if answer.status == 200:
                photos.append(answer.content)
            else:
                links.append(url)
        return photos, links
