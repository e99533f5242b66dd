"""A database that was migrated is what the models say."""

from alembic import command
from sqlalchemy import create_engine

from gateway.storage.schema import configuration


def test_the_migrations_make_what_the_models_say() -> None:
    with create_engine("sqlite://").connect() as connection:
        command.upgrade(configuration(connection), "head")
        command.check(configuration(connection))


def test_the_migrations_can_be_taken_back() -> None:
    with create_engine("sqlite://").connect() as connection:
        command.upgrade(configuration(connection), "head")
        command.downgrade(configuration(connection), "base")
