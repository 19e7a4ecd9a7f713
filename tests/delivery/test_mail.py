"""Mail to a server without TLS: neither a password nor a letter leaves this machine in the open."""

import pytest
from pydantic import SecretStr

from bot.channels.mail.mail_sender import MailSender
from bot.domain.delivery.delivery_rules import Outcome
from bot.domain.delivery.mail_letter import MailLetter
from tests.support.mail_server import MailServer
from tests.support.manual_clock import TUESDAY_NOON

ELSEWHERE = "127.1"
"""Resolves to the test's server, and is neither `localhost` nor a whole loopback address to who reads it."""
LETTER = MailLetter("1", "a@city.example", "件名", ("本文",), TUESDAY_NOON)


def sends(server: MailServer, host: str, login: str) -> Outcome:
    return MailSender(SecretStr(f"smtp://{login}{host}:{server.port}"), "desk@city.example").send(LETTER)


@pytest.mark.parametrize("login", ["", "desk:secret@"])
def test_without_tls_nothing_is_sent_to_another_machine(login: str) -> None:
    with MailServer() as server:
        assert sends(server, ELSEWHERE, login) is Outcome.LOCKED
        assert (server.logins, server.letters) == (0, [])
        assert sends(server, "127.0.0.1", login) is Outcome.ACCEPTED, "on this machine nobody listens in"
        assert (server.logins, len(server.letters)) == (int(bool(login)), 1)
