"""Teach from unmatched messages: an admin turns a group of them into a phrase, a check, a synonym or nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from rapidfuzz import fuzz
from sqlalchemy import Connection

from bot.content.cards.cards import CardRef, Values, read_card
from bot.content.yaml.yaml_form import Data
from bot.domain.staff.permissions import Staff
from bot.domain.understanding.analyzer import Analysis
from bot.domain.understanding.normalise import squeeze
from bot.handlers.app_context import AppContext
from bot.handlers.content.edit_draft import CardForm, Draft, read_draft, save_card
from bot.storage.conversation.unmatched_rows import (
    Group,
    GroupState,
    UnmatchedMessage,
    add_to_group,
    list_groups,
    list_ungrouped,
    messages_of_groups,
    read_verdicts,
    settle_group,
)
from bot.storage.engine import Store
from bot.storage.sealing import Keyring
from bot.storage.staff.audit_rows import AuditEntry, add_audit_entry

SAME_GROUP_COSINE = 0.72
SAME_GROUP_RATIO = 72
"""From these a message belongs to a group: cosine of sentence vectors, or `fuzz.ratio` (0 to 100) of the text."""
_BATCH = 500


class Lesson(StrEnum):
    PHRASE = "phrase"
    CHECK = "check"
    NOT_OURS = "not-ours"
    SYNONYM = "synonym"
    LEAVE = "leave"


class LessonError(Exception):
    """A lesson lacks its words or its target."""


@dataclass(frozen=True)
class UnmatchedCluster:
    """A group with those of its messages whose text is not deleted yet."""

    group: Group
    messages: tuple[UnmatchedMessage, ...]


@dataclass(frozen=True)
class LessonTarget:
    """`words`: perhaps edited by the admin. `target`: an entry, a subject, or the usual word of a synonym."""

    lesson: Lesson
    words: str
    target: str


def read_clusters(context: AppContext) -> tuple[list[UnmatchedCluster], dict[str, dict[str, int]]]:
    """(open groups, most frequent first; residents' verdicts on answers by entry)."""
    cluster_unmatched(context)
    keys = context.keys
    with context.store.reading() as connection:
        groups = list_groups(connection)
        words = messages_of_groups(connection, keys, [group.id for group in groups])
        verdicts = read_verdicts(connection)
    return [UnmatchedCluster(group, tuple(words[group.id])) for group in groups], verdicts


def cluster_unmatched(context: AppContext) -> int:
    """Assign new messages to the nearest group or to new groups; returns how many."""
    store, keys = context.store, context.keys
    with store.reading() as connection:
        new = list_ungrouped(connection, keys, _BATCH)
        groups = list_groups(connection)
        samples = messages_of_groups(connection, keys, [group.id for group in groups])
    if not new:
        return 0
    known = [(group, messages[0].words) for group, messages in samples.items() if messages]
    texts = [*(words for _, words in known), *(message.words for message in new)]
    analyses = context.content.understander.analyzer.analyse([text[:400] for text in texts])
    seen = [(group, words, analysis) for (group, words), analysis in zip(known, analyses, strict=False)]
    for message, analysis in zip(new, analyses[len(known) :], strict=True):
        near = _nearest(message.words, analysis, seen)
        group = store.transaction(lambda connection, m=message, g=near: add_to_group(connection, m, g))  # type: ignore[misc]
        if not near:
            seen.append((group, message.words, analysis))
    return len(new)


def files_with(draft: Draft, taught: LessonTarget) -> tuple[CardRef, Values]:
    """(card that the lesson changes, its new fields). Raises LessonError."""
    words = taught.words.strip()
    if not words or (taught.lesson is not Lesson.LEAVE and not taught.target):
        raise LessonError
    if taught.lesson is Lesson.SYNONYM:
        return CardRef("synonyms.yaml", words), {"from": words, "to": taught.target, "note": ""}
    if taught.lesson is Lesson.CHECK:
        return CardRef(f"checks/{taught.target}.yaml", words), {"text": words, "accept": [taught.target]}
    place = _phrases_of(draft, taught)
    card = read_card(draft.files, place)
    if card is None:
        raise LessonError
    phrases: Data = card.get("phrases", [])
    kept = phrases if isinstance(phrases, list) else []
    return place, {"phrases": [*kept, *([] if words in kept else [words])]}


def teach(context: AppContext, staff: Staff, group: str, taught: LessonTarget) -> CardRef | None:
    """Add the lesson to the draft and close the group. Raises LessonError, NoSuchCardError."""
    draft = read_draft(context.store)
    place: CardRef | None = None
    if taught.lesson is not Lesson.LEAVE:
        place, fields = files_with(draft, taught)
        save_card(context, staff, CardForm(place, fields, draft.seen))
    state = GroupState.LEFT if taught.lesson is Lesson.LEAVE else GroupState.TAUGHT
    now = context.clock()

    def work(connection: Connection) -> None:
        settle_group(connection, group, state)
        add_audit_entry(connection, AuditEntry(now, staff.id, "learned", group, taught.lesson))

    context.store.transaction(work)
    return place


def words_of(store: Store, keys: Keyring, group: str) -> tuple[UnmatchedMessage, ...]:
    with store.reading() as connection:
        return tuple(messages_of_groups(connection, keys, [group])[group])


def _phrases_of(draft: Draft, taught: LessonTarget) -> CardRef:
    """Card with the phrases of an entry or a subject. Raises LessonError."""
    if taught.lesson is Lesson.NOT_OURS:
        return CardRef("not-ours.yaml", taught.target)
    name = f"{taught.target.split('-')[0]}s/{taught.target}.yaml"
    if name not in draft.files:
        raise LessonError
    return CardRef(name)


def _nearest(words: str, analysis: Analysis, seen: Sequence[tuple[str, str, Analysis]]) -> str:
    """Group of the most similar message; empty if none is similar enough."""
    best, name = 0.0, ""
    for group, others, known in seen:
        likeness = fuzz.ratio(squeeze(words), squeeze(others)) / SAME_GROUP_RATIO
        if analysis.vector is not None and known.vector is not None:
            likeness = max(likeness, float(np.dot(analysis.vector, known.vector)) / SAME_GROUP_COSINE)
        if likeness > best:
            best, name = likeness, group
    return name if best >= 1 else ""
