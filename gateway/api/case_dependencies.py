"""What the routes of cases, appeals and commands ask for beside the common things."""

from typing import Annotated

from fastapi import Depends

from gateway.api.dependencies import (
    TheClock,
    TheDirectory,
    TheHistory,
    TheRegistry,
    TheSettings,
    Writing,
)
from gateway.cases.desk import Desk, open_desk
from gateway.cases.evidence_files import EvidenceFiles
from gateway.cases.witness import Witness


async def desk_of(session: Writing, clock: TheClock, registry: TheRegistry) -> Desk:
    return await open_desk(session, clock.now(), registry)


def files_of(settings: TheSettings) -> EvidenceFiles:
    return EvidenceFiles(settings.data_dir / "evidence")


def witness_of(
    clock: TheClock,
    registry: TheRegistry,
    directory: TheDirectory,
    history: TheHistory,
) -> Witness:
    return Witness(registry, directory, history, clock.now())


TheDesk = Annotated[Desk, Depends(desk_of)]
TheFiles = Annotated[EvidenceFiles, Depends(files_of)]
TheWitness = Annotated[Witness, Depends(witness_of)]
