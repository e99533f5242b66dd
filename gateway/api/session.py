"""Signing in with a link, signing out, and who one is."""

from datetime import timedelta

from fastapi import APIRouter, Request, Response

from gateway.api.dependencies import (
    COOKIE,
    CurrentPerson,
    TheClock,
    TheRegistry,
    TheSettings,
    Writing,
)
from gateway.api.identity_models import Me, SignIn
from gateway.sign_in import actor_of, sign_in, sign_out

router = APIRouter(tags=["session"])


@router.get("/me")
async def me(actor: CurrentPerson, registry: TheRegistry) -> Me:
    """Tell who is signed in."""
    name = dict(registry.places[actor.place].place.name)
    return Me(
        name=actor.name,
        role=actor.role.value,
        place=actor.place,
        place_name=name,
        executor=actor.executor,
    )


@router.post("/session")
async def open_session(
    *,
    form: SignIn,
    response: Response,
    session: Writing,
    clock: TheClock,
    registry: TheRegistry,
    settings: TheSettings,
) -> Me:
    """Sign in with the token of a link. The session is a cookie that scripts cannot read."""
    opened = await sign_in(session, clock, form.token, timedelta(hours=settings.session_hours))
    actor = await actor_of(session, clock, registry, opened.token)
    response.set_cookie(
        COOKIE,
        opened.token,
        expires=opened.expires_at,
        path="/",
        httponly=True,
        samesite="strict",
        secure=settings.origin.startswith("https://"),
    )
    return await me(actor, registry)


@router.delete("/session", status_code=204)
async def close_session(request: Request, response: Response, session: Writing) -> None:
    """Sign out: the session is forgotten here, not only in the browser."""
    await sign_out(session, request.cookies.get(COOKIE, ""))
    response.delete_cookie(COOKIE, path="/")
