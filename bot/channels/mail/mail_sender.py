"""E-mail through the city's own server: one attempt per call, and the meaning of the server's answer."""

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.errors import MessageError
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from ipaddress import ip_address
from urllib.parse import unquote, urlsplit

import structlog
from pydantic import SecretStr

from bot.domain.delivery.delivery_rules import Outcome
from bot.domain.delivery.mail_letter import MailLetter

log = structlog.get_logger()

SECONDS = 15
_PORTS = {"smtp": 587, "smtps": 465}
_PERMANENT = 500
_LOCKED = frozenset({530, 534, 535, 538})
"""The server rejects the password, or requires TLS."""


class MailAddressError(Exception):
    """The address of the mail server is invalid; the message says why."""


@dataclass(frozen=True)
class _Server:
    host: str
    port: int
    is_tls: bool
    user: str
    password: str

    @property
    def is_loopback(self) -> bool:
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"


class MailSender:
    """The mail server of `SMTP_URL`, and the sender's address."""

    def __init__(self, url: SecretStr, sender: str) -> None:
        """`smtps://user:password@host` uses TLS from the start, `smtp://…` STARTTLS. Raises MailAddressError."""
        self._server = _read(url.get_secret_value())
        self._sender = sender

    def send(self, letter: MailLetter) -> Outcome:
        """Make one attempt. Never raises for a failure of the server."""
        try:
            message = self._message(letter)
        except (ValueError, MessageError):
            return Outcome.REFUSED
        try:
            with self._connected() as smtp:
                smtp.send_message(message)
        except smtplib.SMTPRecipientsRefused as error:
            return _meaning(max(code for code, _ in error.recipients.values()))
        except smtplib.SMTPResponseException as error:
            log.warning("mail_refused", status=error.smtp_code)
            return _meaning(error.smtp_code)
        except smtplib.SMTPNotSupportedError:
            log.error("mail_without_tls", meaning="the server offers no TLS, and the password is not sent in the open")
            return Outcome.LOCKED
        except (smtplib.SMTPException, OSError) as error:
            log.warning("mail_server_away", error=type(error).__name__)
            return Outcome.LATER
        return Outcome.ACCEPTED

    @contextmanager
    def _connected(self) -> Iterator[smtplib.SMTP]:
        server, context = self._server, ssl.create_default_context()
        if server.is_tls:
            opened: smtplib.SMTP = smtplib.SMTP_SSL(server.host, server.port, timeout=SECONDS, context=context)
        else:
            opened = smtplib.SMTP(server.host, server.port, timeout=SECONDS)
        with opened as smtp:
            smtp.ehlo()
            if not server.is_tls and (smtp.has_extn("starttls") or not server.is_loopback):
                smtp.starttls(context=context)
                smtp.ehlo()
            if server.user:
                smtp.login(server.user, server.password)
            yield smtp

    def _message(self, letter: MailLetter) -> EmailMessage:
        message = EmailMessage()
        message["From"] = self._sender
        message["To"] = letter.to
        message["Subject"] = letter.subject
        message["Date"] = format_datetime(letter.written_at)
        # A retry of a notice keeps its Message-ID: a mail program shows it once.
        message["Message-ID"] = f"<{letter.id}@{parseaddr(self._sender)[1].rpartition('@')[2]}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content("\n\n".join(letter.lines))
        return message


def _read(url: str) -> _Server:
    parts = urlsplit(url)
    if parts.scheme not in _PORTS or not parts.hostname or parts.path.strip("/"):
        message = "must look like smtps://user:password@mail.example.jp or smtp://mail.example.jp:587"
        raise MailAddressError(message)
    try:
        port = parts.port or _PORTS[parts.scheme]
    except ValueError:
        message = "has a port that is not a number"
        raise MailAddressError(message) from None
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    return _Server(parts.hostname, port, parts.scheme == "smtps", user, password)


def _meaning(status: int) -> Outcome:
    if status in _LOCKED:
        return Outcome.LOCKED
    return Outcome.REFUSED if status >= _PERMANENT else Outcome.LATER
