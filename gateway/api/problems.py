"""Every error as application/problem+json (RFC 9457): a stable code and what to do."""

import http

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from core.errors import DomainError
from gateway.api.models import Problem
from gateway.registry.document import BrokenRegistry
from gateway.sheets.faults import BrokenSheet
from gateway.storage.failures import StoreAway, Unstorable
from gateway.timeseries.port import StoreUnavailable

log = structlog.get_logger()

MEDIA_TYPE = "application/problem+json"
TYPE = "urn:kvartal:problem:"
RULE_BROKEN = 409
RETRY_AFTER_S = 5
STATUS = {
    "not_found": 404,
    "not_signed_in": 401,
    "link_spent": 401,
    "forbidden": 403,
    "token_unknown": 403,
    "token_expired": 403,
    "token_used": 403,
    "certificate_unknown": 403,
    "certificate_expired": 403,
    "certificate_revoked": 403,
    "bad_request": 400,
    "origin": 403,
    "too_large": 413,
    "media_type": 415,
    "not_a_photo": 415,
    "photo_too_large": 413,
    "appeal_refused": 422,
    "answer_poor": 422,
    "answer_unsendable": 422,
    "out_of_range": 422,
    "invalid": 422,
    "too_much": 422,
    "too_many_requests": 429,
}
"""Status of a DomainError by its code; any other code is a rule that was broken, 409."""

RESPONSES: dict[int | str, dict[str, object]] = {
    "4XX": {
        "description": "Refused; the problem says why and what to do",
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
}


def answer(
    status: int, code: str, detail: str, errors: list[dict[str, str]] | None = None
) -> JSONResponse:
    """Make the response. errors: {"field", "message"} for each bad field."""
    problem = Problem(
        type=TYPE + code,
        title=http.HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        errors=errors or [],
    )
    return JSONResponse(problem.model_dump(), status, media_type=MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """Answer errors of every kind as problems."""
    app.add_exception_handler(DomainError, _domain)
    app.add_exception_handler(StoreAway, _store_away)
    app.add_exception_handler(Unstorable, _unstorable)
    app.add_exception_handler(RequestValidationError, _validation)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(StoreUnavailable, _unavailable)
    app.add_exception_handler(Exception, _unexpected)


async def _domain(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, DomainError)  # noqa: S101 - Starlette calls us by the class
    errors = [{"message": detail.get("en", ""), **detail} for detail in error.details]
    if isinstance(error, BrokenRegistry):
        errors = [{"field": where, "message": what} for where, what in error.problems]
    if isinstance(error, BrokenSheet):
        errors = [{"message": fault} for fault in error.faults]
    return answer(STATUS.get(error.code, RULE_BROKEN), error.code, str(error), errors)


async def _store_away(_request: Request, _error: Exception) -> JSONResponse:
    response = answer(
        503,
        "store_away",
        "The store of cases does not answer. Wait a little, look what was kept, and try again.",
    )
    response.headers["Retry-After"] = str(RETRY_AFTER_S)
    return response


async def _unstorable(_request: Request, _error: Exception) -> JSONResponse:
    return answer(422, "invalid", "Something in it is too long or too large, or is no plain text.")


async def _validation(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - as above
    errors = [
        {"field": ".".join(map(str, item["loc"])), "message": item["msg"]}
        for item in error.errors()
    ]
    fields = ", ".join(item["field"] for item in errors)
    return answer(422, "invalid", f"Correct {fields} and send it again.", errors)


async def _http(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101 - as above
    code = http.HTTPStatus(error.status_code).name.lower()
    response = answer(error.status_code, code, error.detail)
    response.headers.update(error.headers or {})
    return response


async def _unavailable(_request: Request, error: Exception) -> JSONResponse:
    log.warning("store of readings does not answer", error=str(error))
    return answer(503, "unavailable", "The store of readings does not answer. Try again later.")


async def _unexpected(request: Request, error: Exception) -> JSONResponse:
    log.error("request broke", method=request.method, path=request.scope["path"], exc_info=error)
    return answer(500, "internal", "Something broke here. It is in the log of the gateway.")
