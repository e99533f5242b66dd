"""What is written to our accounts of Telegram and VK is filed once, and answered there."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qs

import httpx
import pytest
from sqlalchemy import select

from core.appeal import Channel, Origin
from core.case import Verb
from core.errors import ConfigError
from gateway.channels.accounts import load_accounts
from gateway.channels.correspondence import Correspondence, Message
from gateway.storage.case_tables import AppealRow, EvidenceRow
from gateway.storage.delivery_tables import DeliveryRow
from tests.gateway.conftest import Gateway, started
from tests.gateway.hall import JPEG, LEFT, hall
from tests.gateway.hook_server import Hooks, Post, hook_server

T = TypeVar("T")
TOKEN, SECRET = "12:bot-token", "webhook secret"
SAID = "Темно у дома Лесная, 5"


def accounts(folder: Path, url: str) -> Path:
    (folder / "token").write_text(TOKEN)
    (folder / "secret").write_text(SECRET + "\n")
    file = folder / "channels.yaml"
    files = f"token_file: {folder}/token, secret_file: {folder}/secret"
    file.write_text(
        f'telegram: {{{files}, api: "{url}"}}\n'
        f'vk: {{group: 7, confirmation: c0nf1rm, {files}, api: "{url}"}}\n'
    )
    return file


def at_the_door(
    folder: Path, town: dict[str, Any], scenario: Callable[[Gateway, Hooks], Awaitable[T]]
) -> T:
    async def in_town() -> T:
        with hook_server() as hooks:
            hooks.answers = {"/photo.jpg": JPEG, "/messages.send": b'{"response": 1}'}
            hooks.answers["/getFile"] = b'{"ok": true, "result": {"file_path": "photo.jpg"}}'
            file = accounts(folder, hooks.url)
            async with started(
                folder, town, channels_file=file, outside_networks=("127.0.0.0/8",)
            ) as gateway:
                return await scenario(gateway, hooks)

    return asyncio.run(in_town())


async def sent(hooks: Hooks, end: str, many: int = 1) -> Sequence[Post]:
    async with asyncio.timeout(20):
        while len(found := [post for post in hooks.posts if post.path.endswith(end)]) < many:
            await asyncio.sleep(0.05)
    return found


async def call(gateway: Gateway, path: str, body: object, secret: str = SECRET) -> httpx.Response:
    headers = {"X-Telegram-Bot-Api-Secret-Token": secret}
    async with httpx.AsyncClient() as outside:
        return await outside.post(f"{gateway.url}/api/v1/hooks/{path}", json=body, headers=headers)


async def filed(gateway: Gateway) -> list[tuple[str, str, int]]:
    """Give the channel and the words of every appeal, and how many photos it has."""
    async with gateway.parts.database.reading() as session:
        rows = (await session.scalars(select(AppealRow).order_by(AppealRow.id))).all()
        photos = list(await session.scalars(select(EvidenceRow.appeal_id)))
        return [(row.channel, row.description, photos.count(row.id)) for row in rows]


def update(number: int, **fields: object) -> dict[str, Any]:
    chat = {"id": 501, "type": "private"}
    sender = {"id": 501, "first_name": "Анна", "language_code": "ru"}
    return {"update_id": number, "message": {"message_id": number, "chat": chat, "from": sender,
                                             **fields}}  # fmt: skip


def test_a_message_to_the_bot_is_an_appeal_once_with_its_photo_and_is_answered_there(
    tmp_path: Path, town: dict[str, Any]
) -> None:
    photo = [{"file_id": "small", "width": 9, "height": 9},
             {"file_id": "large", "width": 90, "height": 90}]  # fmt: skip

    async def scenario(gateway: Gateway, hooks: Hooks) -> tuple[Any, ...]:
        for _ in range(2):
            answer = await call(gateway, "telegram", update(1, caption=SAID, photo=photo))
            assert answer.status_code == 200, answer.text
        (receipt,) = await sent(hooks, "/sendMessage")
        asked = json.loads((await sent(hooks, "/getFile"))[0].content)
        return await filed(gateway), json.loads(receipt.content), receipt.path, asked

    appeals, receipt, path, asked = at_the_door(tmp_path, town, scenario)
    assert appeals == [("social", SAID, 1)]
    assert (path, asked) == (f"/bot{TOKEN}/sendMessage", {"file_id": "large"})
    assert (receipt["chat_id"], receipt["reply_parameters"]["message_id"]) == ("501", 1)
    assert "Ваше обращение зарегистрировано под номером" in receipt["text"]
    assert "/follow?number=" in receipt["text"]


def test_who_says_nothing_is_told_what_to_write_and_a_stranger_is_refused(
    tmp_path: Path, town: dict[str, Any]
) -> None:
    async def scenario(gateway: Gateway, hooks: Hooks) -> tuple[Any, ...]:
        await call(gateway, "telegram", update(1, text="/start"))
        await call(gateway, "telegram", update(1, text="/start"))
        (hint,) = await sent(hooks, "/sendMessage")
        refused = await call(gateway, "telegram", update(2, text=SAID), secret="guess")
        broken = await call(gateway, "telegram", {"message": {"chat": {}}})
        return json.loads(hint.content)["text"], refused, broken, await filed(gateway)

    hint, refused, broken, appeals = at_the_door(tmp_path, town, scenario)
    assert hint.startswith("Здесь можно сообщить о неполадке.")
    assert (refused.status_code, broken.status_code, appeals) == (403, 422, [])


def event(kind: str, about: object, secret: str = SECRET) -> dict[str, Any]:
    return {"type": kind, "group_id": 7, "secret": secret, "object": about}


def test_a_message_to_the_community_is_an_appeal_once_and_is_answered_there(
    tmp_path: Path, town: dict[str, Any]
) -> None:
    async def scenario(gateway: Gateway, hooks: Hooks) -> tuple[Any, ...]:
        confirmed = await call(gateway, "vk", {"type": "confirmation", "group_id": 7})
        sizes = [{"url": f"{hooks.url}/photo.jpg", "width": 90, "height": 90}]
        message = {"id": 11, "from_id": 77, "peer_id": 77, "text": SAID,
                   "attachments": [{"type": "photo", "photo": {"sizes": sizes}}]}  # fmt: skip
        told = event("message_new", {"message": message})
        answers = [(await call(gateway, "vk", told)).text for _ in range(2)]
        forged = await call(gateway, "vk", event("message_new", {"message": message}, "guess"))
        (receipt,) = await sent(hooks, "/messages.send")
        return confirmed.text, answers, forged.status_code, await filed(gateway), receipt

    confirmed, answers, forged, appeals, receipt = at_the_door(tmp_path, town, scenario)
    assert (confirmed, answers, forged) == ("c0nf1rm", ["ok", "ok"], 403)
    assert appeals == [("social", SAID, 1)]
    fields = parse_qs(receipt.content.decode())
    assert (fields["peer_id"], fields["access_token"]) == (["77"], [TOKEN])
    assert "/follow?number=" in fields["message"][0]


def test_a_post_on_the_wall_is_answered_without_a_key_that_everybody_could_use(
    tmp_path: Path, town: dict[str, Any]
) -> None:
    async def scenario(gateway: Gateway, hooks: Hooks) -> dict[str, list[str]]:
        post = {"id": 3, "owner_id": -7, "from_id": 77, "text": SAID}
        await call(gateway, "vk", event("wall_post_new", post))
        await call(gateway, "vk", event("wall_post_new", post | {"id": 4, "from_id": -7}))
        hooks.answers["/wall.createComment"] = b'{"response": {"comment_id": 1}}'
        (comment,) = await sent(hooks, "/wall.createComment")
        assert len(await filed(gateway)) == 1  # not what the community wrote itself
        return parse_qs(comment.content.decode())

    fields = at_the_door(tmp_path, town, scenario)
    assert (fields["owner_id"], fields["post_id"]) == (["-7"], ["3"])
    assert "/follow" in fields["message"][0]
    assert "key=" not in fields["message"][0]


def test_no_in_the_conversation_sends_the_work_back_once(tmp_path: Path) -> None:
    async def scenario() -> tuple[str, list[str], int, list[str]]:
        async with hall(tmp_path) as here:
            origin = Origin(via="telegram", peer="501", thread="1")
            receipt = await here.file(channel=Channel.SOCIAL, origin=origin, outside_id="1")
            await here.attach(LEFT, receipt.case, JPEG)
            for verb in (Verb.ACCEPT, Verb.RESOLVE, Verb.CLOSE):
                await here.act(LEFT, await here.detail(LEFT, receipt.case), verb)
            talk = Correspondence(here.clock, here.database, here.registry, here.filing, here.files)
            for _ in range(2):
                await talk.take(Message(via="telegram", peer="501", thread="9", outside_id="9",
                                        text="Нет, опять темно", language="ru"))  # fmt: skip
            case = await here.detail(LEFT, receipt.case)
            async with here.database.reading() as session:
                replies = [row.body["text"] for row in await session.scalars(select(DeliveryRow))]
            said = [entry.text["ru"] for entry in case.timeline if entry.by == "applicant"]
            return case.state, replies, case.appeals, said

    state, replies, appeals, said = asyncio.run(scenario())
    assert (state, appeals) == ("routed", 1)
    assert replies == ["Спасибо, мы записали ваш ответ."]
    assert said[-1] == "опять темно"


def test_an_account_without_its_secret_is_said_at_the_start(tmp_path: Path) -> None:
    file = accounts(tmp_path, "http://127.0.0.1:1")
    (tmp_path / "secret").write_text("")
    with pytest.raises(ConfigError, match="an account has an empty token_file or secret_file"):
        load_accounts(file)
