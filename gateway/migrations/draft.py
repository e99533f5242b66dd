"""Write the next migration from the difference between the models and the migrations so far.

uv run python -m gateway.migrations.draft "What changes"
"""

import sys

from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

from gateway.storage.schema import configuration


def main(message: str) -> None:
    with create_engine("sqlite://").connect() as connection:
        config = configuration(connection)
        command.upgrade(config, "head")
        number = 1 + len(list(ScriptDirectory.from_config(config).walk_revisions()))
        command.revision(config, message, autogenerate=True, rev_id=f"{number:04}")


if __name__ == "__main__":
    main(sys.argv[1])
