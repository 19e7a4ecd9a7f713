"""Rate limits of Telegram: once a second per chat, 20 times a minute per group, 30 times a second in all.

Kept in memory: it spares the platform, and delayed messages stay in the database. A chat for which Telegram demands a
pause is paused; the others continue.
"""

from bisect import insort
from collections import defaultdict, deque
from collections.abc import Callable

PER_SECOND, PER_GROUP_MINUTE = 30, 20
_MINUTE, _MOST_CHATS = 60.0, 10_000


class RateLimit:
    """One per process. `clock` in seconds, monotonic."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._paused: dict[str, float] = {}
        self._next: dict[str, float] = {}
        self._minutes: defaultdict[str, deque[float]] = defaultdict(deque)
        self._all: list[float] = []
        """The latest turns of all chats, in order."""

    def pause(self, chat: str, seconds: float) -> None:
        self._paused[chat] = max(self._paused.get(chat, 0.0), self._clock() + seconds)

    def reserve(self, chat: str, most: float) -> tuple[bool, float]:
        """(whether a turn within `most` seconds is reserved, seconds until the next turn)."""
        now = self._clock()
        turn = max(now, self._turn(chat, now))
        if turn - now > most:
            return False, turn - now
        self._next[chat] = turn + 1.0
        insort(self._all, turn)
        del self._all[:-PER_SECOND]
        if _is_group(chat):
            self._minutes[chat].append(turn)
        return True, turn - now

    def _turn(self, chat: str, now: float) -> float:
        if len(self._next) > _MOST_CHATS:
            self._next = {name: turn for name, turn in self._next.items() if turn > now}
            self._paused = {name: turn for name, turn in self._paused.items() if turn > now}
        minute = self._minutes[chat] if _is_group(chat) else deque[float]()
        while minute and minute[0] <= now - _MINUTE:
            minute.popleft()
        return max(
            self._paused.get(chat, 0.0),
            self._next.get(chat, 0.0),
            minute[-PER_GROUP_MINUTE] + _MINUTE if len(minute) >= PER_GROUP_MINUTE else 0.0,
            self._all[0] + 1.0 if len(self._all) == PER_SECOND else 0.0,
        )


def _is_group(chat: str) -> bool:
    return chat.startswith("-")
