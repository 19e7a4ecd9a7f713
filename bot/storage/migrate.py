"""Bring the database to the newest schema; say whether it is there."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from bot.storage.engine import Store


def migrate(store: Store) -> None:
    """Run every migration that is missing, in one transaction. Runs twice without harm."""

    def upgrade(connection: Connection) -> None:
        config = alembic_config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")

    with store.writer.begin() as connection:
        upgrade(connection)


def is_current(store: Store) -> bool:
    """Whether the database has the newest schema."""
    with store.reading() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
    return current == ScriptDirectory.from_config(alembic_config()).get_current_head()


def is_known(revision: str) -> bool:
    """Whether this version can bring a database of that revision to the newest schema."""
    return revision in {each.revision for each in ScriptDirectory.from_config(alembic_config()).walk_revisions()}


def alembic_config() -> Config:
    """Where alembic finds the migrations; it is handed a connection."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config
