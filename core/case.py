"""The work on a problem: new → routed → accepted → resolved → verified → closed, on proof.

A case is opened by an incident or an appeal, carries its clocks, and refuses every step that its
state does not know.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from core.actor import Role
from core.category import Category
from core.deadline import Deadline, after
from core.deadline_rule import DeadlineRules, Moment
from core.errors import DomainError
from core.proof import Proof, missing_proof


class CaseState(StrEnum):
    NEW = "new"
    ROUTED = "routed"
    ACCEPTED = "accepted"
    RESOLVED = "resolved"  # reported done
    VERIFIED = "verified"  # proved done
    CLOSED = "closed"


class Verb(StrEnum):
    ROUTE = "route"
    ACCEPT = "accept"
    RESOLVE = "resolve"
    VERIFY = "verify"
    CLOSE = "close"
    REOPEN = "reopen"
    OVERRULE = "overrule"  # a person closes it against what is missing, for a reason
    ABSORB = "absorb"  # another case takes over everything that this one had


NEW, ROUTED, ACCEPTED, RESOLVED, VERIFIED, CLOSED = CaseState

OPEN_TO_CLASSIFY = frozenset({NEW, ROUTED, ACCEPTED})
STEPS: Mapping[tuple[CaseState, Verb], CaseState] = {
    (NEW, Verb.ROUTE): ROUTED,
    (ROUTED, Verb.ROUTE): ROUTED,
    (ACCEPTED, Verb.ROUTE): ROUTED,
    (ROUTED, Verb.ACCEPT): ACCEPTED,
    (ACCEPTED, Verb.RESOLVE): RESOLVED,
    (RESOLVED, Verb.VERIFY): VERIFIED,
    (VERIFIED, Verb.CLOSE): CLOSED,
    (RESOLVED, Verb.OVERRULE): CLOSED,
    (RESOLVED, Verb.REOPEN): ACCEPTED,
    (VERIFIED, Verb.REOPEN): ACCEPTED,
    (CLOSED, Verb.REOPEN): ROUTED,
    (NEW, Verb.ABSORB): CLOSED,
    (ROUTED, Verb.ABSORB): CLOSED,
    (ACCEPTED, Verb.ABSORB): CLOSED,
}

DISPATCHING = frozenset({Verb.ACCEPT, Verb.RESOLVE, Verb.CLOSE, Verb.REOPEN, Verb.OVERRULE})
PERMITTED: Mapping[Role, frozenset[Verb]] = {
    Role.DISPATCHER: DISPATCHING,  # accepts and resolves for an executor who is on the phone
    Role.ADMINISTRATOR: DISPATCHING,
    Role.EXECUTOR: frozenset({Verb.ACCEPT, Verb.RESOLVE}),
}


def allowed_verbs(state: CaseState, role: Role) -> list[Verb]:
    """Give what a person in this role may do to a case in this state, in the order of the work."""
    return [
        verb
        for verb in Verb
        if verb in PERMITTED[role]
        # Closing verifies on its way where nobody has.
        and ((state, verb) in STEPS or (state, verb) == (RESOLVED, Verb.CLOSE))
    ]


def _refuse_unproved(proof: Proof) -> None:
    missing = missing_proof(proof)
    if missing:
        raise DomainError(
            "proof_missing",
            "the case cannot be closed yet. " + " ".join(text["en"] for text in missing),
            tuple(dict(text) for text in missing),
        )


@dataclass(slots=True, kw_only=True)
class Case:
    """clocks: in the order in which they were started; a name that is there twice was restarted.

    Every change moves `version` and `changed_at`.
    """

    category: Category
    rules: DeadlineRules
    opened_at: datetime
    changed_at: datetime
    state: CaseState = NEW
    version: int = 1
    closed_at: datetime | None = None
    clocks: list[Deadline] = field(default_factory=list)

    @classmethod
    def opened(cls, category: Category, rules: DeadlineRules, at: datetime) -> "Case":
        case = cls(category=category, rules=rules, opened_at=at, changed_at=at)
        case._happened(Moment.RECEIVED, at)
        return case

    def route(self, at: datetime) -> None:
        """Give it to an executor. Another executor gets no more time than the first."""
        self._step(Verb.ROUTE, at)
        self._happened(Moment.ROUTED, at)

    def accept(self, at: datetime) -> None:
        self._step(Verb.ACCEPT, at)
        self._happened(Moment.ACCEPTED, at)

    def resolve(self, at: datetime) -> None:
        """Take the report that the work is done: its clock halts, that of verifying starts."""
        self._step(Verb.RESOLVE, at)
        self._happened(Moment.REPORTED, at)

    def verify(self, at: datetime, proof: Proof) -> None:
        """Hold what is proved. DomainError lists what is missing."""
        self._refuse(Verb.VERIFY)
        _refuse_unproved(proof)
        self._step(Verb.VERIFY, at)
        self._happened(Moment.VERIFIED, at)

    def close(self, at: datetime, proof: Proof) -> None:
        """Close on proof; verifies first where nobody has."""
        if self.state is RESOLVED:
            self.verify(at, proof)
        self._refuse(Verb.CLOSE)
        _refuse_unproved(proof)
        self._step(Verb.CLOSE, at)
        self.closed_at = at

    def overrule(self, at: datetime) -> None:
        """Close without proof; whoever calls has written down who says so, and why."""
        self._step(Verb.OVERRULE, at)
        self.closed_at = at
        self._happened(Moment.VERIFIED, at)

    def reopen(self, at: datetime) -> None:
        """Go on as if the work had never been reported done."""
        self._step(Verb.REOPEN, at)
        self.closed_at = None
        self._happened(Moment.REOPENED, at)

    def absorb(self, at: datetime) -> None:
        """Close because another case has taken over everything that this one had."""
        self._step(Verb.ABSORB, at)
        self.closed_at = at
        self.clocks = [clock.set_aside(at) for clock in self.clocks]

    def separate(self, at: datetime, state: CaseState, absorbed_at: datetime) -> None:
        """Go on as before it was absorbed: in that state, on the same clocks."""
        if self.state is not CLOSED:
            raise DomainError("case_state", f"the case is {self.state}; nothing has absorbed it")
        self.state, self.closed_at = state, None
        self.version += 1
        self.changed_at = at
        self.clocks = [
            replace(clock, met_at=None) if clock.met_at == absorbed_at else clock
            for clock in self.clocks
        ]

    def classify(self, category: Category, at: datetime) -> None:
        """Take that it is about something else than was thought: its clocks get the limits of that,
        and count from when it was opened."""
        if self.state not in OPEN_TO_CLASSIFY:
            raise DomainError(
                "case_state", f"the case is {self.state}; it cannot be classified now"
            )
        self.category = category
        self.version += 1
        self.changed_at = at
        self.clocks = [_with_limit_of(category, clock, at) for clock in self.clocks]
        self._happened(Moment.RECEIVED, self.opened_at)

    def released(self, at: datetime) -> None:
        """Take that nobody is trapped any more."""
        self._happened(Moment.RELEASED, at)

    def worsen(self, category: Category, at: datetime) -> None:
        """Take that the trouble is worse than it was thought: people are trapped, not late."""
        self.category = category
        self.version += 1
        self.changed_at = at
        self._happened(Moment.RECEIVED, at)

    def pause(self, name: str, at: datetime, reason: str) -> None:
        """Let a clock stand. DomainError where it does not run or knows no such reason."""
        self._change(name, at, lambda clock: clock.pause(at, reason))

    def resume(self, name: str, at: datetime) -> None:
        """Let a paused clock run."""
        self._change(name, at, lambda clock: clock.resume(at))

    def next_clock(self) -> Deadline | None:
        """Give the running clock that ends first."""
        running = [clock for clock in self.clocks if clock.is_running]
        return min(running, key=lambda clock: clock.due_at(self.changed_at), default=None)

    def _refuse(self, verb: Verb) -> None:
        if (self.state, verb) not in STEPS:
            raise DomainError("case_state", f"the case is {self.state}; it cannot {verb} now")

    def _step(self, verb: Verb, at: datetime) -> None:
        self._refuse(verb)
        self.state = STEPS[self.state, verb]
        self.version += 1
        self.changed_at = at

    def _happened(self, moment: Moment, at: datetime) -> None:
        self.clocks = after(self.clocks, moment, at, self.category, self.rules.of_case(moment))

    def _change(self, name: str, at: datetime, change: Callable[[Deadline], Deadline]) -> None:
        found = [index for index, clock in enumerate(self.clocks) if clock.name == name]
        if not found:
            raise DomainError("no_such_clock", f"the case has no clock {name!r}")
        self.clocks[found[-1]] = change(self.clocks[found[-1]])
        self.version += 1
        self.changed_at = at


def _with_limit_of(category: Category, clock: Deadline, at: datetime) -> Deadline:
    """Give the clock as the category has it; one that it does not have is over."""
    if clock.met_at is not None:
        return clock
    limit = clock.rule.limit_for(category)
    return clock.meet(at) if limit is None else replace(clock, limit=limit)
