"""A mail server on loopback that keeps every letter, and can refuse or be away."""

import email
import email.policy
from collections import deque
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any, Self

from aiosmtpd.controller import Controller
from pydantic import SecretStr

from bot.channels.mail.mail_sender import MailSender
from tests.support.servers import free_port


@dataclass
class MailServer:
    """`with MailServer() as server:`; `answers` are given to the next letters instead of taking them."""

    letters: list[EmailMessage] = field(default_factory=list)
    answers: deque[str] = field(default_factory=deque)

    def __enter__(self) -> Self:
        self._port = free_port()
        self._controller = Controller(self, hostname="127.0.0.1", port=self._port)
        self._controller.start()
        return self

    def __exit__(self, *_details: object) -> None:
        self._controller.stop()

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._port

    @property
    def post(self) -> MailSender:
        """The bot's way to this server."""
        return MailSender(SecretStr(f"smtp://127.0.0.1:{self._port}"), "desk@city.example")

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 -- its name
        """What aiosmtpd calls for each letter."""
        if self.answers:
            return self.answers.popleft()
        letter = email.message_from_bytes(envelope.content, policy=email.policy.default)
        assert isinstance(letter, EmailMessage)
        self.letters.append(letter)
        return "250 OK"

    def everything(self) -> str:
        """All letters as they came over the line, and in words."""
        return "\n".join(f"{letter.as_string()}\n{letter['subject']}\n{words_of(letter)}" for letter in self.letters)


def words_of(letter: EmailMessage) -> str:
    """The words of a letter."""
    return str(letter.get_content())
