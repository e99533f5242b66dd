"""The OpenAPI document: the routes, and the messages of the WebSocket, which it cannot describe."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic.json_schema import models_json_schema

from gateway.api.live_models import Change, Hello, Pulse, Subscribe, Values
from gateway.api.models import Problem

REFERENCE = "#/components/schemas/{model}"


def install(app: FastAPI) -> None:
    """Let the application tell the whole document."""

    def whole() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _document(app)
        return app.openapi_schema

    app.openapi = whole  # type: ignore[method-assign]  # FastAPI's documented way to extend it


def _document(app: FastAPI) -> dict[str, Any]:
    document = get_openapi(title=app.title, version=app.version, routes=app.routes)
    sent = [(model, "serialization") for model in (Problem, Hello, Change, Values, Pulse)]
    received = [(Subscribe, "validation")]
    _, definitions = models_json_schema([*sent, *received], ref_template=REFERENCE)  # type: ignore[list-item]
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    for name, schema in definitions["$defs"].items():
        schemas.setdefault(name, schema)
    return document
