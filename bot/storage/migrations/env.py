"""Alembic's entry: runs the migrations on the connection that `migrate` hands in."""

from alembic import context

import bot.storage.schema.desk_schema
import bot.storage.schema.studio_schema  # noqa: F401 -- the same
from bot.storage.schema.column_types import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transaction_per_migration=False,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
