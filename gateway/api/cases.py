"""Cases: the worklist, one case whole, the verbs, notes and evidence."""

from typing import Annotated

from fastapi import APIRouter, File, Query, Response, UploadFile

from core.actor import Actor
from core.case import Verb
from core.escalation import Level
from core.evidence import MAX_PHOTO
from gateway.api.case_dependencies import (
    TheDesk,
    TheFiles,
    TheLooks,
    ThePhoto,
    TheWitness,
)
from gateway.api.case_models import CaseDetail, CaseNote, CaseRow, CaseVerb, ClockVerb, EvidenceOut
from gateway.api.dependencies import CurrentActor, Reading, TheClock
from gateway.api.models import Number
from gateway.cases import brought, overruling, pauses, work
from gateway.cases.captures import attach_photo
from gateway.cases.desk import Desk
from gateway.cases.rows import show_evidence
from gateway.cases.witness import Witness

# The actor comes first in every route: a stranger is turned away before the store is locked.
router = APIRouter(tags=["cases"])

Paper = Annotated[UploadFile, File(description="a picture or a PDF, at most 10 MB")]


@router.get("/cases")
async def list_cases(
    session: Reading,
    clock: TheClock,
    actor: CurrentActor,
    state: work.Shown = "open",
    escalated_to: Annotated[
        Level | None, Query(description="only what this level or one above it was told of")
    ] = None,
) -> list[CaseRow]:
    """Give the worklist, the most urgent first."""
    return await work.list_cases(session, clock.now(), actor, state, escalated_to)


@router.get("/cases/{number}")
async def read_case(
    number: Number, session: Reading, actor: CurrentActor, witness: TheWitness
) -> CaseDetail:
    """Give one case with everything that hangs on it."""
    return await work.case_detail(session, actor, number, witness)


@router.post("/cases/{number}/accept")
async def accept_case(
    number: Number, actor: CurrentActor, form: CaseVerb, desk: TheDesk, witness: TheWitness
) -> CaseDetail:
    """Take the case on."""
    return await _act(number, Verb.ACCEPT, form, desk=desk, actor=actor, witness=witness)


@router.post("/cases/{number}/resolve")
async def resolve_case(
    number: Number, actor: CurrentActor, form: CaseVerb, desk: TheDesk, witness: TheWitness
) -> CaseDetail:
    """Report that the work is done."""
    return await _act(number, Verb.RESOLVE, form, desk=desk, actor=actor, witness=witness)


@router.post("/cases/{number}/close")
async def close_case(
    number: Number, actor: CurrentActor, form: CaseVerb, desk: TheDesk, witness: TheWitness
) -> CaseDetail:
    """Close on proof; the refusal lists what is missing."""
    return await _act(number, Verb.CLOSE, form, desk=desk, actor=actor, witness=witness)


@router.post("/cases/{number}/overrule")
async def overrule_case(
    number: Number, actor: CurrentActor, form: CaseVerb, desk: TheDesk, witness: TheWitness
) -> CaseDetail:
    """Close without the proof that is missing; the note says why, and stays in the log."""
    await overruling.overrule(
        desk, actor, number, version=form.version, reason=form.note, witness=witness
    )
    return await work.case_detail(desk.session, actor, number, witness)


@router.post("/cases/{number}/reopen")
async def reopen_case(
    number: Number, actor: CurrentActor, form: CaseVerb, desk: TheDesk, witness: TheWitness
) -> CaseDetail:
    """Send the case back to work."""
    return await _act(number, Verb.REOPEN, form, desk=desk, actor=actor, witness=witness)


@router.post("/cases/{number}/pause")
async def pause_case(
    number: Number, actor: CurrentActor, form: ClockVerb, desk: TheDesk, witness: TheWitness
) -> CaseDetail:
    """Let a clock stand for a reason that is not the executor's."""
    await pauses.pause(
        desk, actor, number, form.deadline, version=form.version, reason=form.reason, note=form.note
    )
    return await work.case_detail(desk.session, actor, number, witness)


@router.post("/cases/{number}/resume")
async def resume_case(
    number: Number, actor: CurrentActor, form: ClockVerb, desk: TheDesk, witness: TheWitness
) -> CaseDetail:
    """Let a paused clock run again; its end has moved on."""
    await pauses.resume(desk, actor, number, form.deadline, version=form.version, note=form.note)
    return await work.case_detail(desk.session, actor, number, witness)


@router.post("/cases/{number}/note")
async def note_case(
    number: Number, actor: CurrentActor, form: CaseNote, desk: TheDesk, witness: TheWitness
) -> CaseDetail:
    """Write a note on the timeline."""
    await work.add_note(desk, actor, number, form.note)
    return await work.case_detail(desk.session, actor, number, witness)


@router.post("/cases/{number}/evidence")
async def attach_evidence(
    *,
    number: Number,
    actor: CurrentActor,
    photo: ThePhoto,
    desk: TheDesk,
    files: TheFiles,
    looks: TheLooks,
) -> EvidenceOut:
    """Attach a photo of the work done, from a gallery."""
    piece = await attach_photo(
        desk, files, looks, actor, number, content=photo.content, picture=photo.picture
    )
    return show_evidence(piece)


@router.post("/cases/{number}/acts")
async def attach_act(
    *, number: Number, actor: CurrentActor, paper: Paper, desk: TheDesk, files: TheFiles
) -> EvidenceOut:
    """Attach a paper that both sides signed."""
    content = await paper.read(MAX_PHOTO + 1)
    return show_evidence(await brought.attach_act(desk, files, actor, number, content))


@router.get("/evidence/{number}", response_class=Response)
async def read_evidence(
    number: Number, session: Reading, files: TheFiles, actor: CurrentActor
) -> Response:
    """Give the picture. It never changes."""
    row = await work.find_evidence(session, actor, number)
    # By the cookie too, so that the next person at the same browser gets nothing out of its cache.
    headers = {"Cache-Control": "private, max-age=31536000, immutable", "Vary": "Cookie"}
    return Response(await files.get(row.sha256), media_type=row.media_type, headers=headers)


async def _act(
    number: int, verb: Verb, form: CaseVerb, *, desk: Desk, actor: Actor, witness: Witness
) -> CaseDetail:
    await work.act(desk, actor, number, verb, version=form.version, note=form.note, witness=witness)
    return await work.case_detail(desk.session, actor, number, witness)
