"""A webhook that takes nothing any more, as an incident: once, however much is given up."""

from sqlalchemy import and_, select

from core.answer import AnswerState
from core.category import CATEGORIES
from core.text import Text, filled
from gateway.cases.desk import Desk
from gateway.cases.trouble import Trouble, clear_troubles, raise_troubles
from gateway.storage.case_tables import IncidentRow
from gateway.storage.delivery_tables import DeliveryRow
from gateway.storage.webhook_tables import WebhookRow

CONDITION = "webhook_given_up"
NAME: Text = {"ru": "Вебхук «{name}» не принимает", "en": "Webhook “{name}” takes nothing"}
CAUSE: Text = {
    "ru": "Другая система не отвечает или отвечает отказом",
    "en": "The other system does not answer, or answers with a refusal",
}
CONSEQUENCE: Text = {
    "ru": "Она не знает о части изменений; неотправленное отложено",
    "en": "It does not know of some changes; what was not taken is kept",
}
ACTION: Text = {
    "ru": "Узнайте у её владельцев, в чём дело, и отправьте отложенное снова на странице вебхуков",
    "en": "Ask its owners, and send what is kept again on the page of webhooks",
}
OVER: Text = {"ru": "{name}: снова принимает", "en": "{name}: it takes messages again"}


async def settle_webhook(desk: Desk, delivery: DeliveryRow) -> None:
    """Take what became of a message to a webhook."""
    if delivery.webhook_id is None:
        return
    who = f"webhook-{delivery.webhook_id}"
    standing = and_(
        IncidentRow.device == who,
        IncidentRow.condition == CONDITION,
        IncidentRow.cleared_at.is_(None),
    )
    is_known = await desk.session.scalar(select(IncidentRow.id).where(standing).limit(1))
    if delivery.state == AnswerState.SENT and is_known:
        await clear_troubles(desk, standing, OVER)
    elif delivery.state == AnswerState.PARKED and not is_known:
        hook = await desk.session.get_one(WebhookRow, delivery.webhook_id)
        place = hook.place_path.rstrip("/").rpartition("/")[2]
        if hook.ended_at is None and place in desk.registry.places:
            trouble = Trouble(
                who=who,
                edge="",
                place=place,
                since=desk.now,
                condition=CONDITION,
                problem=CATEGORIES["device.refused"],
                name=filled(NAME, name=hook.name),
                cause=CAUSE,
                consequence=CONSEQUENCE,
                action=ACTION,
            )
            await raise_troubles(desk, [trouble])
