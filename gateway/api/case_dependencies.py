"""What the routes of cases, appeals and commands ask for beside the common things."""

from typing import Annotated

from fastapi import Depends

from gateway.api.dependencies import TheClock, TheRegistry, TheSettings, Writing
from gateway.cases.desk import Desk, open_desk
from gateway.cases.evidence_files import EvidenceFiles


async def desk_of(session: Writing, clock: TheClock, registry: TheRegistry) -> Desk:
    return await open_desk(session, clock.now(), registry)


def files_of(settings: TheSettings) -> EvidenceFiles:
    return EvidenceFiles(settings.data_dir / "evidence")


TheDesk = Annotated[Desk, Depends(desk_of)]
TheFiles = Annotated[EvidenceFiles, Depends(files_of)]
