"""The public complaint form: the one door that needs no sign-in, and what an applicant sees."""

from typing import Annotated

from fastapi import APIRouter, Depends, File, Form, Request, UploadFile

from core.appeal import Draft
from core.category import CATEGORIES
from core.errors import DomainError
from core.evidence import MAX_PHOTO, MAX_PHOTOS
from gateway.api.appeal_models import AppealReceipt, AppealStatus, CategoryOut, Feedback
from gateway.api.case_dependencies import TheDesk
from gateway.api.dependencies import GatewayParts, Reading, TheClock, TheRegistry
from gateway.cases import feedback

router = APIRouter(prefix="/public", tags=["public"])

NO_PHOTO: list[UploadFile] = []


@router.get("/categories")
async def list_categories() -> list[CategoryOut]:
    """Give what residents can report."""
    return [
        CategoryOut(code=row.code, name=dict(row.name), group=dict(row.group_name))
        for row in CATEGORIES.values()
        if row.offered
    ]


def limit_rate(request: Request, parts: GatewayParts) -> None:
    """Refuse one address that files more than a household would."""
    address = request.client.host if request.client else ""
    if not parts.appeal_rate.lets(address, parts.clock):
        raise DomainError("too_many_requests", "Too many appeals from here. Try again in a minute.")


@router.post("/appeals", status_code=201, dependencies=[Depends(limit_rate)])
async def file_appeal(
    parts: GatewayParts,
    *,
    category: Annotated[str, Form(max_length=64)] = "",
    description: Annotated[str, Form()] = "",
    place: Annotated[str, Form(max_length=64)] = "",
    latitude: Annotated[float | None, Form()] = None,
    longitude: Annotated[float | None, Form()] = None,
    address: Annotated[str, Form()] = "",
    name: Annotated[str, Form()] = "",
    email: Annotated[str, Form()] = "",
    phone: Annotated[str, Form()] = "",
    submission: Annotated[
        str,
        Form(max_length=64, description="secret of this submission: sent again, it is the same"),
    ] = "",
    joins: Annotated[
        int | None, Form(description="case of which it is said that this is the same")
    ] = None,
    photo: Annotated[list[UploadFile], File(description="at most 5, of 10 MB each")] = NO_PHOTO,
) -> AppealReceipt:
    """File an appeal. It is checked as a whole: a refusal lists every wrong field, and nothing of
    it is kept. Without a category it is read what it is about, else a person finds out."""
    draft = Draft(
        category=category,
        description=description,
        place=place,
        latitude=latitude,
        longitude=longitude,
        address=address,
        name=name,
        email=email,
        phone=phone,
        outside_id=submission,
        joins=joins,
        # One more than is taken is read, so that the rule can say that there are too many.
        photos=[await one.read(MAX_PHOTO + 1) for one in photo[: MAX_PHOTOS + 1]],
    )
    receipt = await parts.filing.file(draft)
    return AppealReceipt(
        number=receipt.number,
        key=receipt.key,
        joined=receipt.joined,
        expected_at=receipt.expected_at,
    )


@router.get("/appeals/{number}")
async def follow_appeal(
    number: str, key: str, session: Reading, clock: TheClock, registry: TheRegistry
) -> AppealStatus:
    """Tell an applicant how it stands; the key is in the receipt."""
    return await feedback.status_of(session, clock.now(), number, key, registry.deadlines.rules)


@router.post("/appeals/{number}/feedback", dependencies=[Depends(limit_rate)])
async def answer(number: str, form: Feedback, desk: TheDesk) -> AppealStatus:
    """Say whether it is fixed; enough of "no" send the work back."""
    await feedback.answer(desk, number, form.key, fixed=form.fixed, comment=form.comment)
    return await feedback.status_of(desk.session, desk.now, number, form.key, desk.rules)
