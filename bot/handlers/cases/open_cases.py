"""List open cases; a flood of cases from one IP address is one group."""

from dataclasses import dataclass

from bot.domain.cases.case import Case
from bot.storage.cases.case_rows import list_cases
from bot.storage.conversation.message_rows import read_case_words
from bot.storage.engine import Store
from bot.storage.sealing import Keyring

FLOOD_SIZE = 5
"""From this number on, open cases of one address are shown as one group."""


@dataclass(frozen=True)
class ListedCase:
    """A case with its messages. `alike`: the number of further cases of its group."""

    case: Case
    words: tuple[str, ...]
    alike: int


def list_open_cases(store: Store, keys: Keyring) -> list[ListedCase]:
    """Emergencies first, then by waiting time."""
    with store.reading() as connection:
        cases = list_cases(connection, open_only=True)
        groups: dict[str, list[Case]] = {}
        for case in cases:
            groups.setdefault(case.source, []).append(case)
        floods = {source for source, members in groups.items() if source and len(members) >= FLOOD_SIZE}
        firsts = {groups[source][0].id for source in floods}
        shown = [case for case in cases if case.source not in floods or case.id in firsts]
        return [
            ListedCase(
                case,
                tuple(read_case_words(connection, keys, case.id)),
                len(groups[case.source]) - 1 if case.source in floods else 0,
            )
            for case in shown
        ]
