"""Works that are planned: what they cut off, from when to when, and what has come of them.

A plan is a draft until it is published. From then on people are told of it, what it cuts off is
quiet for its time, and it answers those who complain. One that is not done by its end is a trouble
like any other.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Self

from core.errors import refused
from core.text import Text

LONGEST = timedelta(days=60)
MOST_ASSETS = 200
TITLE, WORDS = 200, 2000  # characters at most


class WorkState(StrEnum):
    DRAFT = "draft"
    PUBLISHED = "published"
    UNDER_WAY = "under_way"
    OVERDUE = "overdue"
    DONE = "done"
    WITHDRAWN = "withdrawn"


NO_TITLE: Text = {"ru": "Напишите, что будет сделано.", "en": "Say what is to be done."}
NO_ASSETS: Text = {
    "ru": "Укажите, что отключается: от одного до {most} объектов.",
    "en": "Name what is cut off: one asset to {most}.",
}
NO_WINDOW: Text = {
    "ru": "Окончание должно быть позже начала, не более чем на {days} суток.",
    "en": "The end must be after the beginning, by {days} days at most.",
}
IN_THE_PAST: Text = {
    "ru": "Окончание уже прошло: укажите время впереди.",
    "en": "The end is in the past: choose one that is to come.",
}
NOT_LATER: Text = {
    "ru": "Продлить можно только на более позднее время.",
    "en": "Works are only prolonged to a later time.",
}
WRONG_STATE: Text = {
    "ru": "Сейчас этого сделать нельзя: работы в состоянии «{state}».",
    "en": "This cannot be done now: the works are {state}.",
}
NO_REASON: Text = {"ru": "Укажите причину.", "en": "Give a reason."}
NO_PROOF: Text = {
    "ru": "Нет подтверждения: приложите фотографию сделанного.",
    "en": "There is no proof: attach a photo of what was done.",
}
STILL_OFF: Text = {
    "ru": "Ещё не в норме: {names}. Закончить можно, когда всё включено.",
    "en": "Not back to normal: {names}. Works are done once everything is on again.",
}
STATES: dict[WorkState, Text] = {
    WorkState.DRAFT: {"ru": "черновик", "en": "a draft"},
    WorkState.PUBLISHED: {"ru": "объявлены", "en": "announced"},
    WorkState.UNDER_WAY: {"ru": "идут", "en": "under way"},
    WorkState.OVERDUE: {"ru": "просрочены", "en": "overdue"},
    WorkState.DONE: {"ru": "закончены", "en": "done"},
    WorkState.WITHDRAWN: {"ru": "отменены", "en": "withdrawn"},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedWork:
    """category: code of what people will notice. assets: what is cut off, with all they feed.

    first_until: the end that was announced first; until: the one that counts. begun_at, done_at:
    when the executor said so.
    """

    title: str
    words: str
    category: str
    assets: tuple[str, ...]
    executor: str
    since: datetime
    until: datetime
    first_until: datetime
    published_at: datetime | None = None
    begun_at: datetime | None = None
    done_at: datetime | None = None
    withdrawn_at: datetime | None = None

    def __post_init__(self) -> None:
        if not self.title.strip():
            raise refused("invalid", NO_TITLE)
        if not 1 <= len(self.assets) <= MOST_ASSETS:
            raise refused("invalid", NO_ASSETS, most=str(MOST_ASSETS))
        if not timedelta(0) < self.until - self.since <= LONGEST:
            raise refused("invalid", NO_WINDOW, days=str(LONGEST.days))

    @property
    def is_over(self) -> bool:
        return self.done_at is not None or self.withdrawn_at is not None

    def state(self, at: datetime) -> WorkState:
        """Give how it stands at a moment."""
        if self.withdrawn_at is not None:
            return WorkState.WITHDRAWN
        if self.done_at is not None:
            return WorkState.DONE
        if self.published_at is None:
            return WorkState.DRAFT
        if self.until <= at:
            return WorkState.OVERDUE
        is_on = self.begun_at is not None or self.since <= at
        return WorkState.UNDER_WAY if is_on else WorkState.PUBLISHED

    def answers(self, at: datetime, group: str, touched: Collection[str]) -> bool:
        """Tell whether it is why something does not work there. touched: the assets whose trouble
        is noticed there, and all that feeds them."""
        is_on = self.state(at) in {WorkState.UNDER_WAY, WorkState.OVERDUE}
        return is_on and self.category.startswith(f"{group}.") and bool({*self.assets} & {*touched})

    def publish(self, at: datetime) -> Self:
        """Announce a draft."""
        self._only(at, WorkState.DRAFT)
        if self.until <= at:
            raise refused("invalid", IN_THE_PAST)
        return replace(self, published_at=at, first_until=self.until)

    def begin(self, at: datetime) -> Self:
        """Take that the executor has begun, perhaps before the time."""
        self._only(at, WorkState.PUBLISHED, WorkState.UNDER_WAY, WorkState.OVERDUE)
        return replace(self, begun_at=self.begun_at or at)

    def prolong(self, until: datetime, at: datetime) -> Self:
        """Announce a later end."""
        self._only(at, WorkState.PUBLISHED, WorkState.UNDER_WAY, WorkState.OVERDUE)
        if until <= max(self.until, at):
            raise refused("invalid", NOT_LATER)
        return replace(self, until=until)

    def finish(self, at: datetime, *, active: Collection[Text], is_proved: bool) -> Self:
        """Take that it is done. active: names of what is not back to normal; is_proved: a photo
        shows it, or devices that were off have come back."""
        self._only(at, WorkState.PUBLISHED, WorkState.UNDER_WAY, WorkState.OVERDUE)
        if active:
            names = {
                language: ", ".join(name[language] for name in active) for language in ("ru", "en")
            }
            raise refused("still_active", STILL_OFF, names=names)
        if not is_proved:
            raise refused("proof_missing", NO_PROOF)
        return replace(self, begun_at=self.begun_at or min(self.since, at), done_at=at)

    def withdraw(self, at: datetime, reason: str) -> Self:
        """Call it off."""
        self._only(at, WorkState.DRAFT, WorkState.PUBLISHED, WorkState.UNDER_WAY, WorkState.OVERDUE)
        if not reason.strip():
            raise refused("invalid", NO_REASON)
        return replace(self, withdrawn_at=at)

    def _only(self, at: datetime, *states: WorkState) -> None:
        state = self.state(at)
        if state not in states:
            raise refused("wrong_state", WRONG_STATE, state=STATES[state])
