"""A case that a person closes although its proof is missing: their reason stays in the log."""

from core.actor import Actor
from core.case import PERMITTED, Verb
from core.errors import DomainError
from core.proof import missing_proof
from core.text import Text
from gateway.cases.answers import answer_all
from gateway.cases.desk import Desk
from gateway.cases.proofs import joined, proof_of
from gateway.cases.rows import case_of, keep_case
from gateway.cases.witness import Witness
from gateway.cases.work import find_case, refuse_stale, write_note

OVERRULED: Text = {
    "ru": "Закрыто без доказательств. Не хватало: {missing}",
    "en": "Closed without its proof. What was missing: {missing}",
}


async def overrule(
    desk: Desk, actor: Actor, number: int, *, version: int, reason: str, witness: Witness
) -> None:
    """Close for a reason. DomainError where nothing is missing, or no reason is given."""
    row = await find_case(desk.session, actor, number)
    if Verb.OVERRULE not in PERMITTED[actor.role]:
        raise DomainError("forbidden", "Only a dispatcher closes a case without its proof.")
    refuse_stale(row, version)
    if not reason.strip():
        raise DomainError("invalid", "Say why the case is closed without its proof.")
    proof = await proof_of(desk.session, row, witness, await witness.signs_of(row))
    missing = missing_proof(proof)
    if not missing:
        raise DomainError("proof_there", f"Nothing is missing of case {number}. Just close it.")
    case = case_of(row, desk.rules)
    case.overrule(desk.now)
    keep_case(case, row)
    row.touched, row.open_key = True, None
    desk.say(row, "overruled", OVERRULED, by=actor.name, missing=joined(missing))
    write_note(desk, row, actor, reason)
    await answer_all(desk, row, proved=False)
    await desk.finish()
