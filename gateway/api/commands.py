"""Commands: prepared with what to know, confirmed by the same person, followed to their result."""

from fastapi import APIRouter, Depends

from core.actor import Role
from gateway.api.case_dependencies import TheDesk
from gateway.api.command_models import CommandIn, CommandOut
from gateway.api.dependencies import CurrentActor, Reading, TheDirectory, only
from gateway.cases import commands
from gateway.cases.rows import show_command

router = APIRouter(prefix="/commands", tags=["commands"])

operates = Depends(only(Role.DISPATCHER, Role.ADMINISTRATOR))


@router.post("", status_code=201, dependencies=[operates])
async def prepare_command(
    form: CommandIn, desk: TheDesk, actor: CurrentActor, directory: TheDirectory
) -> CommandOut:
    """Check a command. Nothing is sent before it is confirmed, within a minute."""
    row = await commands.prepare(
        desk,
        actor,
        directory,
        device=form.device,
        key=form.signal,
        value=form.value,
        case=form.case,
    )
    return show_command(row)


@router.post("/{identifier}/confirm", dependencies=[operates])
async def confirm_command(
    identifier: str, desk: TheDesk, actor: CurrentActor, directory: TheDirectory
) -> CommandOut:
    """Send a command that was prepared. Once, and only by who prepared it."""
    return show_command(await commands.confirm(desk, actor, directory, identifier))


@router.get("/{identifier}")
async def read_command(identifier: str, session: Reading, actor: CurrentActor) -> CommandOut:
    """Give a command as it stands."""
    return show_command(await commands.find(session, actor, identifier))
