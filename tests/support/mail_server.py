"""A mail server on loopback that stores every message and can reject messages."""

import email
import email.policy
from collections import deque
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any, Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from pydantic import SecretStr

from bot.channels.mail.mail_sender import MailSender
from tests.support.servers import free_port


@dataclass
class MailServer:
    """`with MailServer() as server:`. `answers`: SMTP replies that reject the next messages.

    It offers no TLS, and takes every login; `logins`: how many it was sent.
    """

    letters: list[EmailMessage] = field(default_factory=list)
    answers: deque[str] = field(default_factory=deque)
    logins: int = 0

    def __enter__(self) -> Self:
        self._port = free_port()
        self._controller = Controller(
            self, hostname="127.0.0.1", port=self._port, authenticator=self._log_in, auth_require_tls=False
        )
        self._controller.start()
        return self

    def __exit__(self, *_details: object) -> None:
        self._controller.stop()

    @property
    def port(self) -> int:
        return self._port

    @property
    def post(self) -> MailSender:
        """The bot's mail sender, connected to this server."""
        return MailSender(SecretStr(f"smtp://127.0.0.1:{self._port}"), "desk@city.example")

    def _log_in(self, *_details: object) -> AuthResult:
        self.logins += 1
        return AuthResult(success=True)

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 -- name given by aiosmtpd
        """Called by aiosmtpd for each message."""
        if self.answers:
            return self.answers.popleft()
        letter = email.message_from_bytes(envelope.content, policy=email.policy.default)
        assert isinstance(letter, EmailMessage)
        self.letters.append(letter)
        return "250 OK"

    def everything(self) -> str:
        """All messages, both raw and decoded, for searching."""
        return "\n".join(f"{letter.as_string()}\n{letter['subject']}\n{words_of(letter)}" for letter in self.letters)


def words_of(letter: EmailMessage) -> str:
    """The decoded body."""
    return str(letter.get_content())
