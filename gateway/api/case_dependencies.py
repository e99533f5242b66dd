"""What the routes of cases, appeals and commands ask for beside the common things."""

import asyncio
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, File, UploadFile

from core.evidence import MAX_PHOTO
from gateway.api.dependencies import (
    GatewayParts,
    TheClock,
    TheDirectory,
    TheHistory,
    TheRegistry,
    TheSettings,
    Writing,
)
from gateway.cases.desk import Desk, open_desk
from gateway.cases.evidence_files import EvidenceFiles
from gateway.cases.looks import Looks
from gateway.cases.pictures import Picture, read_picture
from gateway.cases.witness import Witness


async def desk_of(session: Writing, clock: TheClock, registry: TheRegistry) -> Desk:
    return await open_desk(session, clock.now(), registry)


def files_of(settings: TheSettings) -> EvidenceFiles:
    return EvidenceFiles(settings.data_dir / "evidence")


def looks_of(parts: GatewayParts) -> Looks:
    return parts.looks


def witness_of(
    clock: TheClock,
    registry: TheRegistry,
    directory: TheDirectory,
    history: TheHistory,
) -> Witness:
    return Witness(registry, directory, history, clock.now())


@dataclass(frozen=True, slots=True)
class Photo:
    """A file as it came, and what was read in it."""

    content: bytes
    picture: Picture


async def read_photo(
    photo: Annotated[UploadFile, File(description="JPEG, PNG or WebP, at most 10 MB")],
) -> Photo:
    content = await photo.read(MAX_PHOTO + 1)
    return Photo(content, await asyncio.to_thread(read_picture, content))


# Before the desk: reading a photo takes a while, in which others may work.
ThePhoto = Annotated[Photo, Depends(read_photo)]
TheDesk = Annotated[Desk, Depends(desk_of)]
TheFiles = Annotated[EvidenceFiles, Depends(files_of)]
TheLooks = Annotated[Looks, Depends(looks_of)]
TheWitness = Annotated[Witness, Depends(witness_of)]
