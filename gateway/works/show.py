"""What of planned works is shown, to everybody and to those who work here."""

from datetime import datetime

from core.category import category
from core.text import Text
from gateway.api.planned_models import CutOff, PlannedWorks, PublicWorks
from gateway.cases.planned import plan_of
from gateway.registry.snapshot import RegistrySnapshot
from gateway.storage.planned_tables import PlannedWorkRow
from gateway.works.planning import affected

MOST_HOUSES = 200  # more of them nobody reads


def show_public(row: PlannedWorkRow, registry: RegistrySnapshot, now: datetime) -> PublicWorks:
    """Give what everybody may know."""
    places = dict.fromkeys(
        registry.assets[asset].place for asset in row.assets if asset in registry.assets
    )
    houses = affected(registry, row.assets, now).houses
    return PublicWorks(
        id=row.id,
        state=plan_of(row).state(now).value,
        title=row.title,
        words=row.words,
        category=row.category,
        category_name=dict(category(row.category).name),
        places=[dict(registry.address_of(place)) for place in places],
        houses=[dict(registry.address_of(house)) for house in [*houses][:MOST_HOUSES]],
        executor_name=registry.executor_name(row.executor),
        since=row.since,
        until=row.until,
        first_until=row.first_until,
        begun_at=row.begun_at,
        done_at=row.done_at,
        withdrawn_at=row.withdrawn_at,
        reason=row.reason,
        result=row.result,
        has_photo=bool(row.photo),
    )


def show_works(row: PlannedWorkRow, registry: RegistrySnapshot, now: datetime) -> PlannedWorks:
    """Give what those who work here need."""
    found = affected(registry, row.assets, now)
    return PlannedWorks(
        **show_public(row, registry, now).model_dump(),
        assets=[CutOff(id=asset, name=dict(_name(registry, asset))) for asset in row.assets],
        affected=len(found.assets),
        houses_affected=len(found.houses),
        executor=row.executor,
        by=row.by,
        published_at=row.published_at,
        case=row.case_id,
    )


def _name(registry: RegistrySnapshot, asset: str) -> Text:
    known = registry.assets.get(asset)
    return known.name if known else {"ru": asset, "en": asset}
