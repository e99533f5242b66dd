"""What people bring besides photos: signed acts, and answers to questions."""

from core.actor import Actor
from core.errors import DomainError
from core.evidence import EvidenceKind, grade, paper_type
from core.text import Text
from gateway.cases.desk import Desk
from gateway.cases.evidence_files import EvidenceFiles
from gateway.cases.work import checked, find_case
from gateway.storage.case_tables import CaseRow, EvidenceRow

ACT_ATTACHED: Text = {"ru": "Приложен подписанный акт", "en": "A signed act was attached"}
ANSWERED: Text = {
    "ru": "Приложен ответ заявителю",
    "en": "The answer to the applicant was attached",
}


async def attach_act(
    desk: Desk, files: EvidenceFiles, actor: Actor, number: int, content: bytes
) -> EvidenceRow:
    """Keep a paper that both sides signed, as a picture or a PDF."""
    media = paper_type(content)
    row = await find_case(desk.session, actor, number)
    piece = _piece(desk, actor, row, EvidenceKind.ACT, {})
    piece.media_type, piece.sha256 = media, await files.put(content)
    return await _attached(desk, actor, row, piece, ACT_ATTACHED)


async def attach_answer(desk: Desk, actor: Actor, number: int, text: str) -> EvidenceRow:
    """Keep what was answered, where the answer is all the work."""
    row = await find_case(desk.session, actor, number)
    words = checked(text)
    if not words:
        raise DomainError("invalid", "The answer is empty. Write it.")
    piece = _piece(desk, actor, row, EvidenceKind.ANSWER, {"ru": words, "en": words})
    return await _attached(desk, actor, row, piece, ANSWERED)


def _piece(
    desk: Desk, actor: Actor, row: CaseRow, kind: EvidenceKind, text: dict[str, str]
) -> EvidenceRow:
    return EvidenceRow(
        case=row,
        kind=kind,
        grade=grade(kind),
        reasons=[],
        item="",
        at=desk.now,
        by=actor.name,
        by_staff=True,
        text=text,
        media_type="",
        sha256="",
        place_path=row.place_path,
    )


async def _attached(
    desk: Desk, actor: Actor, row: CaseRow, piece: EvidenceRow, said: Text
) -> EvidenceRow:
    desk.session.add(piece)
    row.touched = True
    desk.say(row, "evidence", said, by=actor.name)
    await desk.finish()
    return piece
