"""Builds everything, and is the only file that imports from every layer. Nothing is built at import."""

import asyncio
import hashlib
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import structlog
from pydantic import SecretStr

from bot.channels.mail.mail_sender import MailAddressError, MailSender
from bot.content.content_files import Files
from bot.domain.delivery.channel import Channel
from bot.domain.understanding.decision import Thresholds
from bot.domain.understanding.understander import Understander
from bot.handlers.app_context import AppContext, PublishedContent
from bot.handlers.content.load_revisions import begin_revisions, open_revision
from bot.handlers.index_builder import build_understander
from bot.handlers.project_folders import ProjectFolders
from bot.handlers.worker import Worker
from bot.language.best_analyzer import load_analyzer
from bot.settings import ROOT, Settings, SettingsError, decode_keys
from bot.storage.engine import open_store, sqlite_file
from bot.storage.key_files import read_or_create_key
from bot.storage.migrate import is_current, migrate
from bot.storage.sealing import Keyring

if TYPE_CHECKING:
    from starlette.applications import Starlette

    from bot.channels.line.line_sender import LineSender
    from bot.channels.telegram.telegram_polling import TelegramPolling
    from bot.channels.telegram.telegram_sender import TelegramSender

log = structlog.get_logger()

THRESHOLDS = Thresholds()


def now() -> datetime:
    """The only clock. Everything else gets the time as an argument."""
    return datetime.now(UTC)


def fit_understander(files: Files) -> Understander:
    """An understander of the content; its index is cached in `data/index`. Raises ContentError."""
    return build_understander(files, load_analyzer(), ProjectFolders.below(ROOT).indexes)


def load_keys(settings: Settings) -> tuple[Keyring, bytes]:
    """The content keys and the secret key; on SQLite they are created at the first start. Raises SettingsError."""
    content, secret = settings.content_keys.get_secret_value(), settings.secret_key.get_secret_value()
    file = sqlite_file(settings.database_url)
    if file is None and not (content and secret):
        message = "SECRET_KEY and CONTENT_KEYS are required with PostgreSQL; make each with: openssl rand -hex 32"
        raise SettingsError(message)
    if file is not None:
        content = content or _key_from_file(file.parent / "keys", "content")
        secret = secret or _key_from_file(file.parent / "keys", "secret")
    return Keyring(decode_keys(content)), hashlib.sha256(secret.split(",")[0].encode()).digest()


def have_keys(settings: Settings) -> bool:
    """Whether the keys exist: a restored backup needs its own, not new ones."""
    content, secret = settings.content_keys.get_secret_value(), settings.secret_key.get_secret_value()
    file = sqlite_file(settings.database_url)
    if file is None:
        return bool(content and secret)
    return bool(content) or (file.parent / "keys" / "content").is_file()


def backup_folder(settings: Settings) -> Path:
    """The default folder for backups: beside an SQLite file, otherwise in `data/`."""
    file = sqlite_file(settings.database_url)
    return (file.parent if file else ROOT / "data") / "backups"


def _key_from_file(folder: Path, name: str) -> str:
    key, made = read_or_create_key(folder, name)
    if made:
        log.info(
            "key_made",
            file=str(folder / name),
            note="keep a copy apart from the database: without it nothing can be read",
        )
    return key


def open_context(settings: Settings) -> AppContext:
    """Open the database (on SQLite migrate it to the newest schema), load the content, build the context."""
    keys, secret = load_keys(settings)
    store = open_store(settings.database_url)
    if sqlite_file(settings.database_url) is not None:
        migrate(store)
    elif not is_current(store):
        store.close()
        message = "the database has not the newest schema; run: python -m bot migrate"
        raise SettingsError(message)
    folders, analyzer = ProjectFolders.below(ROOT), load_analyzer()
    revision = begin_revisions(store, folders.shipped(), now())
    content = PublishedContent(open_revision(store, folders, analyzer, revision), revision.number)
    channels, mail = connect_channels(settings), connect_mail(settings)
    return AppContext(
        store, keys, content, THRESHOLDS, secret, now, channels=channels, mail=mail,
        staff_channels=frozenset(channels) | ({"mail"} if mail else frozenset()), public_url=settings.public_url,
        base_url=settings.url, is_https=settings.is_https, metrics_tokens=settings.metrics_tokens,
        folders=folders,
    )  # fmt: skip


def connect_mail(settings: Settings) -> MailSender | None:
    """None without SMTP_URL. Raises SettingsError."""
    if not settings.smtp_url.get_secret_value():
        return None
    try:
        return MailSender(settings.smtp_url, settings.mail_from)
    except MailAddressError as error:
        message = f"SMTP_URL {error}"
        raise SettingsError(message) from None


def connect_channels(settings: Settings) -> dict[str, Channel]:
    """The configured platforms. Their libraries are loaded only then."""
    channels: dict[str, Channel] = {}
    if settings.line_secrets:
        from bot.channels.line.line_channel import LineChannel  # noqa: PLC0415 -- takes half a second to load

        channels[LineChannel.name] = LineChannel(line_sender(settings))
    if settings.telegram_bot_token.get_secret_value():
        from bot.channels.telegram.telegram_channel import TelegramChannel  # noqa: PLC0415 -- the same

        channels[TelegramChannel.name] = TelegramChannel(telegram_sender(settings))
    return channels


def platforms_that_know_repeats() -> frozenset[str]:
    """Of all platforms, connected now or not: a database may be set back before they are configured."""
    from bot.channels.line.line_channel import LineChannel  # noqa: PLC0415 -- half a second, for those who use it
    from bot.channels.telegram.telegram_channel import TelegramChannel  # noqa: PLC0415 -- the same

    return frozenset(each.name for each in (LineChannel, TelegramChannel) if each.knows_repeats)


def line_sender(settings: Settings) -> "LineSender":
    from bot.channels.line.line_sender import LineSender  # noqa: PLC0415 -- takes half a second to load
    from bot.channels.line.line_tokens import AccessTokens  # noqa: PLC0415 -- the same

    newest = SecretStr(settings.line_secrets[0])
    tokens = AccessTokens(settings.line_api_url, settings.line_channel_id, newest, settings.line_channel_access_token)
    return LineSender(settings.line_api_url, tokens)


def telegram_sender(settings: Settings) -> "TelegramSender":
    from bot.channels.telegram.telegram_sender import TelegramSender  # noqa: PLC0415 -- slow to load, needed only here

    return TelegramSender(settings.telegram_api_url, settings.telegram_bot_token)


def telegram_polling(settings: Settings) -> "TelegramPolling":
    """Long polling for that account. Raises SettingsError if there is no account, or if its webhook is set."""
    from bot.channels.telegram.telegram_polling import TelegramPolling  # noqa: PLC0415 -- slow to load, needed only here

    if not settings.telegram_bot_token.get_secret_value():
        message = "--telegram-polling needs TELEGRAM_BOT_TOKEN"
        raise SettingsError(message)
    polling = TelegramPolling(settings.telegram_api_url, settings.telegram_bot_token)
    if address := asyncio.run(polling.webhook()):
        message = f"--telegram-polling: Telegram posts to {address} now; one account serves one server at a time"
        raise SettingsError(message)
    return polling


def require_telegram_secret(settings: Settings) -> None:
    """A server that sends on Telegram must also receive there. Raises SettingsError."""
    if settings.telegram_bot_token.get_secret_value() and not settings.telegram_secrets:
        message = (
            "TELEGRAM_WEBHOOK_SECRET is missing: without it nothing that comes as Telegram's can be trusted "
            "(on a laptop: serve --telegram-polling)"
        )
        raise SettingsError(message)


def build_worker(context: AppContext, settings: Settings) -> Worker:
    return Worker(context, alone=sqlite_file(settings.database_url) is not None)


def build_server(
    context: AppContext, settings: Settings, worker: Worker | None, polling: "TelegramPolling | None" = None
) -> "Starlette":
    """The ASGI application; without a worker another process does the work."""
    from bot.web.site import build_site  # noqa: PLC0415 -- `ask` and similar commands need no web

    secrets = {"line": settings.line_secrets, "telegram": () if polling else settings.telegram_secrets}
    source = (lambda webhooks: polling.run(webhooks.store_fetched)) if polling else None
    return build_site(context, secrets, worker, event_source=source)
