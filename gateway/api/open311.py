"""Open311 GeoReport v2: what other systems read and file, in XML and JSON."""

import re
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from pathlib import Path as FilePath
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.routing import APIRoute
from starlette.datastructures import FormData, UploadFile

from core.appeal import Channel, Draft
from core.errors import DomainError
from core.evidence import MAX_PHOTO, MAX_PHOTOS
from core.text import FALLBACK, in_language
from gateway.api.dependencies import (
    GatewayParts,
    Reading,
    TheClock,
    TheRegistry,
    TheSettings,
)
from gateway.channels import open311
from gateway.channels.api_keys import find_key
from gateway.channels.open311 import MOST, Refused, Wanted, moment
from gateway.channels.open311_document import Document, Format, Row
from gateway.channels.services import Service, load_services
from gateway.storage.channel_tables import ApiKeyRow

PREFIX = "/open311/v2"
SPECIFICATION = "http://wiki.open311.org/GeoReport_v2"
CHANGESET = "2026-11-26T00:00:00+00:00"  # since when this endpoint answers as it does
LANGUAGES = ("ru", "en")
ATTRIBUTE = re.compile(r"attribute\[([^\[\]]+)\](?:\[\])?")
NUMBER = re.compile(r"[1-9]\d{0,5}")


class Route(APIRoute):
    """Tells what is wrong as Open311 does, in the format that was asked for."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        answer = super().get_route_handler()

        async def answered(request: Request) -> Response:
            try:
                return await answer(request)
            except Refused as refusal:
                return _errors(request, refusal.status, *refusal.lines)
            except DomainError as refusal:
                lines = [detail["en"] for detail in refusal.details] or [str(refusal)]
                return _errors(request, 400, *lines)
            except HTTPException as error:  # of a body that cannot be read
                return _errors(request, error.status_code, error.detail)

        return answered


router = APIRouter(prefix=PREFIX, route_class=Route, include_in_schema=False)


def format_of(fmt: str) -> Format:
    if fmt not in {each.value for each in Format}:
        raise Refused(404, f"there is no format {fmt[:20]}; there are xml and json")
    return Format(fmt)


def language_of(request: Request) -> str:
    """Give the language that was asked for, by `locale` or by the header."""
    wanted = request.query_params.get("locale") or request.headers.get("accept-language", "")
    return wanted[:2] if wanted[:2] in LANGUAGES else FALLBACK


def path_of(request: Request, registry: TheRegistry) -> str:
    return open311.jurisdiction_path(registry, request.query_params.get("jurisdiction_id", ""))


Form = Annotated[Format, Depends(format_of)]
Language = Annotated[str, Depends(language_of)]
Path = Annotated[str, Depends(path_of)]


@router.get("/discovery.{fmt}")
async def discovery(form: Form, settings: TheSettings) -> Response:
    endpoint = {
        "specification": SPECIFICATION,
        "url": f"{settings.origin}{PREFIX}/",
        "changeset": CHANGESET,
        "type": "production",
        "formats": [each.media_type for each in Format],
    }
    return _sent(
        form,
        "discovery",
        {
            "changeset": CHANGESET,
            "contact": settings.origin,
            "key_service": f"Ask those who run {settings.origin} for a key.",
            "endpoints": [endpoint],
        },
    )


@router.get("/services.{fmt}")
async def services(form: Form, settings: TheSettings, language: Language, _path: Path) -> Response:
    known = load_services(settings.services_file)
    return _sent(form, "services", open311.list_services(known, language))


@router.get("/services/{code}.{fmt}")
async def service_definition(
    code: str, form: Form, settings: TheSettings, language: Language, _path: Path
) -> Response:
    found = _service(settings.services_file, code)
    return _sent(form, "service_definition", open311.define(found, language))


@router.get("/tokens/{token}.{fmt}")
async def number_of_token(token: str, form: Form, session: Reading, _path: Path) -> Response:
    number = await open311.number_of(session, token)
    return _sent(form, "service_requests", [{"service_request_id": number, "token": token}])


@router.get("/requests.{fmt}")
async def requests(
    request: Request,
    *,
    form: Form,
    session: Reading,
    registry: TheRegistry,
    clock: TheClock,
    language: Language,
    path: Path,
) -> Response:
    given = request.query_params
    start, end = open311.span_of(
        moment("start_date", given.get("start_date", "")),
        moment("end_date", given.get("end_date", "")),
        clock.now(),
    )
    statuses = _listed(given.get("status", ""))
    if unknown := [each for each in statuses if each not in (open311.OPEN, open311.CLOSED)]:
        raise Refused(400, f"status: wanted open or closed, found {unknown[0][:20]}")
    wanted = Wanted(
        numbers=_listed(given.get("service_request_id", ""))[:MOST],
        services=_listed(given.get("service_code", "")),
        statuses=statuses,
        start=start,
        end=end,
        updated_after=moment("updated_after", given.get("updated_after", "")),
        page=_number("page", given.get("page", ""), 1),
        page_size=min(_number("page_size", given.get("page_size", ""), MOST), MOST),
    )
    rows = await open311.list_requests(
        session,
        registry,
        clock.now(),
        wanted,
        path=path,
        language=language,
        extended=given.get("extensions") == "true",
    )
    return _sent(form, "service_requests", rows)


@router.get("/requests/{number}.{fmt}")
async def one_request(
    request: Request,
    number: str,
    *,
    form: Form,
    session: Reading,
    registry: TheRegistry,
    clock: TheClock,
    language: Language,
    path: Path,
) -> Response:
    now = clock.now()
    rows = await open311.list_requests(
        session,
        registry,
        now,
        Wanted(numbers=[number], start=now, end=now),
        path=path,
        language=language,
        extended=request.query_params.get("extensions") == "true",
    )
    if not rows:
        raise Refused(404, f"service_request_id {number[:40]} was not found")
    return _sent(form, "service_requests", rows)


@router.post("/requests.{fmt}")
async def file_request(
    request: Request,
    *,
    form: Form,
    parts: GatewayParts,
    registry: TheRegistry,
    settings: TheSettings,
    language: Language,
) -> Response:
    async with request.form(max_files=2 * MAX_PHOTOS, max_part_size=MAX_PHOTO) as content:
        given = Given(content, request.query_params.get("jurisdiction_id", ""))
        key = await _key(parts, given.one("api_key"))
        service = _service(settings.services_file, given.one("service_code"))
        attributes = open311.answers_of(service, given.attributes(), language)
        links = open311.links_of(given.many("media_url"))
        photos = [await one.read(MAX_PHOTO + 1) for one in given.photos()]
        draft = given.draft(service, photos, language)
    open311.must_be_inside(
        registry,
        draft,
        open311.jurisdiction_path(registry, given.jurisdiction),
        key.place_path,
    )
    origin = open311.origin_of(key, attributes, links)
    receipt = await parts.filing.file(replace(draft, origin=origin))
    told = {"token": receipt.token} if receipt.token else {"service_request_id": receipt.number}
    row: Row = {**told, "service_notice": None, "account_id": None}
    return _sent(form, "service_requests", [row], 201)


@dataclass(frozen=True, slots=True)
class Given:
    """A form; what is empty is not given."""

    form: FormData
    in_query: str

    @property
    def jurisdiction(self) -> str:
        return self.one("jurisdiction_id") or self.in_query

    def one(self, name: str) -> str:
        return next(iter(self.many(name)), "")

    def many(self, name: str) -> list[str]:
        values = self.form.getlist(name) + self.form.getlist(f"{name}[]")
        return [value.strip() for value in values if isinstance(value, str) and value.strip()]

    def attributes(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for name, value in self.form.multi_items():
            named = ATTRIBUTE.fullmatch(name)
            if named and isinstance(value, str) and value.strip():
                found.setdefault(named[1], []).append(value.strip())
        return found

    def photos(self) -> list[UploadFile]:
        values = (value for _, value in self.form.multi_items())
        return [value for value in values if isinstance(value, UploadFile)][: MAX_PHOTOS + 1]

    def draft(self, service: Service, photos: list[bytes], language: str) -> Draft:
        return Draft(
            category=service.category.code,
            description=self.one("description") or in_language(service.category.name, language),
            place=self.one("address_id"),
            latitude=self._degrees("lat"),
            longitude=self._degrees("long"),
            address=self.one("address_string"),
            name=f"{self.one('first_name')} {self.one('last_name')}".strip(),
            email=self.one("email"),
            phone=self.one("phone"),
            photos=photos,
            channel=Channel.OPEN311,
        )

    def _degrees(self, name: str) -> float | None:
        value = self.one(name)
        try:
            return float(value) if value else None
        except ValueError as error:
            raise Refused(400, f"{name}: wanted degrees, found {value[:20]}") from error


async def _key(parts: GatewayParts, given: str) -> ApiKeyRow:
    async with parts.database.reading() as session:
        key = await find_key(session, given) if given else None
    if key is None:
        raise Refused(403, "api_key is unknown" if given else "api_key is missing")
    if not parts.key_rates.lets(key, parts.clock):
        raise Refused(429, f"this api_key may file {key.per_minute} requests a minute; try later")
    return key


def _service(file: FilePath | None, code: str) -> Service:
    if not code:
        raise Refused(400, "service_code is missing")
    found = load_services(file).get(code)
    if found is None:
        raise Refused(404, f"service_code {code[:64]} was not found")
    return found


def _listed(value: str) -> list[str]:
    return [each.strip() for each in value.split(",") if each.strip()]


def _number(name: str, value: str, otherwise: int) -> int:
    if not value:
        return otherwise
    if not NUMBER.fullmatch(value):
        raise Refused(400, f"{name}: wanted a number from 1 on, found {value[:20]}")
    return int(value)


def _errors(request: Request, status: int, *lines: str) -> Response:
    fmt = request.path_params.get("fmt")
    form = Format.JSON if fmt == Format.JSON else Format.XML
    return _sent(form, "errors", [{"code": status, "description": line} for line in lines], status)


def _sent(form: Format, name: str, content: Row | list[Row], status: int = 200) -> Response:
    body = Document(name, content).encoded(form)
    return Response(body, status, media_type=f"{form.media_type}; charset=utf-8")
