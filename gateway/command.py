"""`kvartal gateway`: run the server, make sign-in links, import a registry, print the API."""

import argparse
import asyncio
import getpass
import json
import os
from collections.abc import Callable, Coroutine
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from adapters.enrolment import Token, wrong_with_gateway
from adapters.private_file import write_whole
from core.actor import Role
from core.clock import SystemClock
from core.errors import ConfigError, DomainError
from gateway import logs
from gateway.app import create_app
from gateway.authority import CERTIFICATE, REVOKED, open_authority, pem_of
from gateway.channels.api_keys import make_key, revoke_keys
from gateway.doctor import look
from gateway.enrolment import make_token, revoke, revoked_ones
from gateway.registry.document import BrokenRegistry, decode_registry
from gateway.registry.rows import PARTS, replace_registry
from gateway.registry.snapshot import CurrentRegistry
from gateway.server import serve
from gateway.settings import Settings, load_settings
from gateway.sign_in import make_link
from gateway.storage.opened import opened
from gateway.timeseries.rebuild import rebuild

SERVER_GOOD_FOR = timedelta(days=825)
MOST_PER_MINUTE = 6000  # appeals by one key
T = TypeVar("T")


def run(argv: list[str]) -> int:
    """Run one subcommand; give the exit code."""
    os.umask(0o077)  # appeals, sessions and pictures are for this user alone
    options = vars(_parser().parse_args(argv))
    action: Callable[..., int] = options.pop("action")
    return action(**options)


def run_server(config: Path | None, **options: Any) -> int:
    logs.configure()
    settings = load_settings(config, **options)
    return serve(settings, lambda url: print(f"gateway: ready on {url}", flush=True))


def import_registry(config: Path | None, data_dir: Path | None, file: Path) -> int:
    settings = load_settings(config, data_dir=data_dir)
    try:
        registry = decode_registry(file.read_bytes())
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read: {error.strerror}") from error
    except BrokenRegistry as error:
        lines = [f"{file}: {where}: {what}" for where, what in error.problems]
        raise ConfigError("\n".join([str(error), *lines])) from error

    async def store() -> int:
        async with opened(settings) as database, database.transaction() as session:
            return await replace_registry(session, SystemClock(), registry)

    revision = asyncio.run(store())
    counts = ", ".join(f"{len(getattr(registry, part))} {part}" for part in PARTS)
    print(f"registry revision {revision} is in force: {counts}")
    return 0


def print_link(
    *,
    config: Path | None,
    data_dir: Path | None,
    listen: str | None,
    role: str,
    place: str,
    name: str,
    executor: str,
    reusable: bool,
) -> int:
    settings = load_settings(config, data_dir=data_dir, listen=listen)

    async def make() -> str:
        registry = CurrentRegistry()
        async with opened(settings) as database, database.transaction() as session:
            await registry.reload(session)
            return await make_link(
                session,
                SystemClock(),
                registry.snapshot,
                name=name,
                role=Role(role),
                place=place,
                executor=executor,
                valid=timedelta(hours=settings.link_hours),
                reusable=reusable,
            )

    try:
        token = asyncio.run(make())
    except DomainError as error:
        raise ConfigError(str(error)) from error
    # In the fragment, which neither a server's log nor a Referer header ever sees.
    print(f"{settings.origin}/sign-in#{token}")
    return 0


def print_token(edge: str, **where: Any) -> int:
    settings = load_settings(where.pop("config"), **where)
    if wrong := wrong_with_gateway(settings.origin):
        raise ConfigError(f"public_url: {wrong}, found {settings.origin}")

    async def make() -> Token:
        registry, now = CurrentRegistry(), SystemClock().now()
        async with opened(settings) as database, database.transaction() as session:
            await registry.reload(session)
            _must_know(registry, edge)
            return await make_token(
                session,
                open_authority(settings.data_dir / "authority", now),
                gateway=settings.origin,
                edge=edge,
                by=getpass.getuser(),
                now=now,
                good_for=timedelta(hours=settings.enrolment_hours),
            )

    token = _answered(make())
    print(f"# good once, for {settings.enrolment_hours:g} h; on the edge's machine:")
    print(f"kvartal edge enrol {token.text()}")
    return 0


def print_key(
    *,
    config: Path | None,
    data_dir: Path | None,
    name: str,
    place: str | None,
    per_minute: int,
    tokens: bool,
) -> int:
    settings = load_settings(config, data_dir=data_dir)
    if not 1 <= per_minute <= MOST_PER_MINUTE:
        raise ConfigError(f"--per-minute: wanted 1 to {MOST_PER_MINUTE}, found {per_minute}")

    async def make() -> str:
        registry = CurrentRegistry()
        async with opened(settings) as database, database.transaction() as session:
            await registry.reload(session)
            if place and place not in registry.snapshot.places:
                raise ConfigError(f"there is no place {place!r} in the registry")
            return make_key(
                session,
                SystemClock().now(),
                name=name,
                place_path=registry.snapshot.path_of(place) if place else "",
                per_minute=per_minute,
                wants_tokens=tokens,
            )

    print(asyncio.run(make()))
    return 0


def revoke_key(name: str, config: Path | None, data_dir: Path | None) -> int:
    settings = load_settings(config, data_dir=data_dir)

    async def call_back() -> int:
        async with opened(settings) as database, database.transaction() as session:
            return await revoke_keys(session, name, SystemClock().now())

    print(f"{name}: {asyncio.run(call_back())} keys are called back")
    return 0


def rebuild_series(config: Path | None, data_dir: Path | None) -> int:
    settings = load_settings(config, data_dir=data_dir)
    done = rebuild(settings.data_dir)
    print(f"{done.days} days are summed up anew; {done.rows} readings of open days are kept")
    if done.put_aside:
        print(f"the database could not be read; it is {done.put_aside} now")
    return 0


def look_at_stores(config: Path | None, data_dir: Path | None) -> int:
    settings = load_settings(config, data_dir=data_dir)

    async def tell() -> int:
        missed = False
        async for finding in look(settings):
            print(finding.line(), flush=True)
            missed |= finding.is_missed
        return int(missed)

    return asyncio.run(tell())


def revoke_edge(edge: str, config: Path | None, data_dir: Path | None) -> int:
    settings = load_settings(config, data_dir=data_dir)

    async def call_back() -> int:
        now = SystemClock().now()
        authority = open_authority(settings.data_dir / "authority", now)
        async with opened(settings) as database:
            async with database.transaction() as session:
                count = await revoke(session, edge, now)
            async with database.reading() as session:
                authority.write_list(await revoked_ones(session), now)
        return count

    count = _answered(call_back())
    file = settings.data_dir / "authority" / REVOKED
    print(f"{edge}: {count} certificates are called back in {file}; the broker must read it anew")
    return 0


def certify_broker(hosts: list[str], into: Path, config: Path | None, data_dir: Path | None) -> int:
    settings, now = load_settings(config, data_dir=data_dir), SystemClock().now()
    authority = open_authority(settings.data_dir / "authority", now)
    try:
        into.mkdir(parents=True, exist_ok=True)
        for name in ("broker", "gateway"):
            key = ec.generate_private_key(ec.SECP256R1())
            certificate = (
                authority.sign_server(hosts, key.public_key(), now, SERVER_GOOD_FOR)
                if name == "broker"
                else authority.sign_client(name, key.public_key(), now, SERVER_GOOD_FOR)
            )
            write_whole(into / f"{name}.key", pem_of(key))
            write_whole(into / f"{name}.pem", certificate.public_bytes(Encoding.PEM), 0o644)
        for name in (CERTIFICATE, REVOKED):
            if (into / name).resolve() != (authority.folder / name).resolve():
                write_whole(into / name, (authority.folder / name).read_bytes(), 0o644)
    except OSError as error:
        raise ConfigError(f"{error.filename or into}: {error.strerror}") from error
    print(f"{into}: {CERTIFICATE}, {REVOKED}, broker.pem, broker.key, gateway.pem, gateway.key")
    return 0


def _must_know(registry: CurrentRegistry, edge: str) -> None:
    if edge not in registry.snapshot.edges:
        known = ", ".join(sorted(registry.snapshot.edges)) or "none"
        raise ConfigError(f"there is no edge {edge!r} in the registry; there are {known}")


def _answered(work: Coroutine[Any, Any, T]) -> T:
    try:
        return asyncio.run(work)
    except DomainError as error:
        raise ConfigError(str(error)) from error


def print_openapi() -> int:
    document = create_app(Settings()).openapi()
    print(json.dumps(document, indent=2, ensure_ascii=False))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="kvartal gateway",
        description="The server: ingest, cases, API and pages.",
        epilog="Every setting may also stand in the environment: KVARTAL_GATEWAY_DATA_DIR=… "
        "The command line is asked first, then the environment, then the file.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    where = argparse.ArgumentParser(add_help=False)
    where.add_argument("--config", type=Path, metavar="FILE", help="settings as YAML")
    where.add_argument("--data-dir", type=Path, metavar="DIR", help=_described("data_dir"))

    server = commands.add_parser("run", parents=[where], help="run the server until Ctrl+C")
    server.add_argument("--roles", metavar="ROLE,…", help=_described("roles"))
    server.add_argument("--listen", metavar="HOST:PORT", help=_described("listen"))
    server.add_argument("--broker", metavar="URL", help=_described("broker"))
    server.add_argument("--broker-user", metavar="NAME", help=_described("broker_user"))
    server.add_argument(
        "--broker-password-file",
        type=Path,
        metavar="FILE",
        help=_described("broker_password_file"),
    )
    for file in ("ca", "certificate", "key"):
        server.add_argument(
            f"--broker-{file}-file",
            type=Path,
            metavar="FILE",
            help=_described(f"broker_{file}_file"),
        )
    server.set_defaults(action=run_server)

    link = commands.add_parser("link", parents=[where], help="print a link that signs a person in")
    link.add_argument("--role", required=True, choices=[role.value for role in Role])
    link.add_argument("--place", required=True, help="id of the territory that the person sees")
    link.add_argument("--name", required=True, help="name of the person, shown in the history")
    link.add_argument("--executor", default="", help="id of the organisation, for an executor")
    link.add_argument(
        "--reusable", action="store_true", help="good until it expires, not for one sign-in only"
    )
    link.add_argument("--listen", metavar="HOST:PORT", help="where the gateway listens")
    link.set_defaults(action=print_link)

    registry = commands.add_parser(
        "import", parents=[where], help="put a registry document in force, whole or not at all"
    )
    registry.add_argument("file", type=Path, metavar="FILE", help="core.registry.Registry as JSON")
    registry.set_defaults(action=import_registry)

    token = commands.add_parser(
        "enrolment", parents=[where], help="print a token by which an edge gets its certificate"
    )
    token.add_argument("edge", metavar="EDGE", help="id of the edge in the registry")
    token.add_argument("--listen", metavar="HOST:PORT", help="where the gateway listens")
    token.add_argument("--public-url", metavar="URL", help=_described("public_url"))
    token.set_defaults(action=print_token)

    revoking = commands.add_parser(
        "revoke", parents=[where], help="call an edge's certificates back"
    )
    revoking.add_argument("edge", metavar="EDGE", help="id of the edge")
    revoking.set_defaults(action=revoke_edge)

    broker = commands.add_parser(
        "certify-broker",
        parents=[where],
        help="write certificates for the broker and for the gateway's link to it",
    )
    broker.add_argument("hosts", nargs="+", metavar="HOST", help="its names and addresses")
    broker.add_argument("--into", type=Path, required=True, metavar="DIR", help="folder for them")
    broker.set_defaults(action=certify_broker)

    _add_keys(commands, where)

    series = commands.add_parser(
        "rebuild-series",
        parents=[where],
        help="make roll-ups and the database of readings anew from the day files",
    )
    series.set_defaults(action=rebuild_series)

    doctor = commands.add_parser(
        "doctor",
        parents=[where],
        help="say which stores are configured, whether they answer, and what to do if not",
    )
    doctor.set_defaults(action=look_at_stores)

    openapi = commands.add_parser("openapi", help="print the OpenAPI document as JSON")
    openapi.set_defaults(action=print_openapi)
    return parser


def _add_keys(commands: Any, where: argparse.ArgumentParser) -> None:
    key = commands.add_parser(
        "key", parents=[where], help="print a key with which another system files appeals"
    )
    key.add_argument("name", metavar="NAME", help="of the system")
    key.add_argument("--place", metavar="PLACE", help="territory of its appeals (default: all)")
    key.add_argument(
        "--per-minute",
        type=int,
        default=60,
        metavar="N",
        help="how many appeals it may file in a minute (default: 60)",
    )
    key.add_argument(
        "--tokens", action="store_true", help="it gets tokens, and asks for the numbers later"
    )
    key.set_defaults(action=print_key)

    closing = commands.add_parser(
        "revoke-key", parents=[where], help="call the keys of another system back"
    )
    closing.add_argument("name", metavar="NAME", help="of the system")
    closing.set_defaults(action=revoke_key)


def _described(field: str) -> str:
    known = Settings.model_fields[field]
    given = ",".join(known.default) if isinstance(known.default, tuple) else known.default
    return f"{known.description} (default: {given})" if given else f"{known.description}"
