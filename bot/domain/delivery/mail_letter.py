"""E-mails to staff."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class MailLetter:
    """An e-mail. `id`: the same for every attempt."""

    id: str
    to: str
    subject: str
    lines: tuple[str, ...]
    written_at: datetime
