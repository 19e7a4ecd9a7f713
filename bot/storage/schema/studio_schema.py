"""The schema of the studio: content revisions, the draft, its regression checks, and messages not understood."""

from sqlalchemy import Column, ForeignKey, Index, Integer, LargeBinary, String, Table, Text

from bot.storage.schema.column_types import Sealed, UtcTime, metadata, row_id

# States of the content, each under its digest: the files of `intents/`, packed. Never changed.
contents = Table(
    "contents",
    metadata,
    Column("digest", String(32), primary_key=True),
    Column("files", LargeBinary, nullable=False),
)

# The published content, newest last. Never changed, never deleted.
revisions = Table(
    "revisions",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("digest", String(32), ForeignKey("contents.digest"), nullable=False),
    # The shipped files that it is based on.
    Column("shipped", String(32), ForeignKey("contents.digest"), nullable=False),
    Column("way", String(16), nullable=False),
    Column("author", String(32), nullable=False),
    Column("second_reader", String(32), nullable=False),
    Column("reason", String(500), nullable=False),
    Column("at", UtcTime, nullable=False),
)

# The files of the draft that differ from the published revision.
draft_files = Table(
    "draft_files",
    metadata,
    Column("file", String(128), primary_key=True),
    Column("body", Text, nullable=False),
)

# Every change of a card, for ever: who, when, before, after. An empty text means no card.
draft_edits = Table(
    "draft_edits",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("file", String(128), nullable=False),
    Column("name", String(256), nullable=False),
    Column("before", Text, nullable=False),
    Column("after", Text, nullable=False),
    Column("staff", String(32), nullable=False),
    Column("at", UtcTime, nullable=False),
    # The revision that the draft was based on.
    Column("revision", Integer, nullable=False),
    # The edit that undid this one, 0 for none.
    Column("undone_by", Integer, nullable=False, server_default="0"),
    Index("ix_draft_edits_place", "file", "name", "number"),
)

# The effects of a draft, computed in the background, and who requests its publication.
proofs = Table(
    "proofs",
    metadata,
    Column("digest", String(32), primary_key=True),
    Column("base", Integer, nullable=False),
    Column("state", String(16), nullable=False),
    Column("step", Integer, nullable=False),
    Column("asked_by", String(32), nullable=False),
    Column("asked_at", UtcTime, nullable=False),
    Column("leased_until", UtcTime),
    Column("found", LargeBinary),
    Column("wanted_by", String(32), nullable=False, server_default=""),
    Column("wanted_at", UtcTime),
    Column("reason", String(500), nullable=False, server_default=""),
)

# Clusters of similar messages that were not understood. Counts stay; the words go with the last message.
unclear_groups = Table(
    "unclear_groups",
    metadata,
    row_id(),
    Column("count", Integer, nullable=False),
    Column("first_at", UtcTime, nullable=False),
    Column("last_at", UtcTime, nullable=False),
    Column("state", String(16), nullable=False),
    Index("ix_unclear_groups_state", "state", "count"),
)

# Messages that were not understood, masked.
unclear = Table(
    "unclear",
    metadata,
    row_id(),
    Column("group_id", String(32), ForeignKey("unclear_groups.id"), nullable=True),
    # The original message: if its author unsends it, it is deleted here too.
    Column("inbound", String(32), nullable=False, index=True),
    Column("why", String(16), nullable=False),
    Column("entry", String(32), nullable=False, server_default=""),
    Column("at", UtcTime, nullable=False),
    Column("words", Sealed, nullable=False),
    Index("ix_unclear_group", "group_id", "at"),
    Index("ix_unclear_at", "at"),
)

# Ratings that residents pressed under an answer, counted: nobody's words, nobody's name.
verdicts = Table(
    "verdicts",
    metadata,
    Column("entry", String(32), primary_key=True),
    Column("verdict", String(16), primary_key=True),
    Column("count", Integer, nullable=False),
)
