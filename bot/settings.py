"""The environment, read once and typed. A wrong value stops the start with its name and the reason, but no secret."""

import base64
import binascii
import re
from pathlib import Path
from typing import Self

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from bot.storage.sealing import KEY_BYTES

ROOT = Path(__file__).parent.parent
SHIPPED_CONTENT = ROOT / "intents"
"""The content that is shipped with this version."""
_DATABASES = ("sqlite", "postgresql")


class SettingsError(Exception):
    """The environment is invalid; the message says which variable, why, and what to do."""


class Settings(BaseSettings):
    """The operator's settings. Names are the environment variables' in lower case."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True)

    database_url: str = "sqlite:///data/bot.db"
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=1, le=65535)
    public_url: str = ""
    secret_key: SecretStr = SecretStr("")
    content_keys: SecretStr = SecretStr("")
    line_channel_id: str = Field(default="", pattern=r"^[0-9]*$")
    line_channel_secret: SecretStr = SecretStr("")
    line_channel_access_token: SecretStr = SecretStr("")
    line_api_url: str = "https://api.line.me"
    metrics_token: SecretStr = SecretStr("")
    telegram_bot_token: SecretStr = SecretStr("")
    telegram_webhook_secret: SecretStr = SecretStr("")
    telegram_api_url: str = "https://api.telegram.org"
    smtp_url: SecretStr = SecretStr("")
    mail_from: str = Field(default="", pattern=r"^$|^[^\s@<>,;]+@[^\s@<>,;]+$")

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, value: str) -> str:
        try:
            url = make_url(value)
        except ArgumentError:
            message = "is not a database address; write sqlite:///data/bot.db or postgresql://user:password@host/name"
            raise ValueError(message) from None
        if url.get_backend_name() not in _DATABASES:
            message = "must begin with sqlite:/// or postgresql://"
            raise ValueError(message)
        if url.get_backend_name() == "sqlite" and not url.database:
            message = "names no file; write sqlite:///data/bot.db"
            raise ValueError(message)
        return value

    @field_validator("public_url", "line_api_url", "telegram_api_url")
    @classmethod
    def _web_address(cls, value: str) -> str:
        if value and not re.match(r"^https?://[^\s/]+/?$", value):
            message = "must be an address without a path, such as https://bot.example.jp"
            raise ValueError(message)
        return value.rstrip("/")

    @field_validator("content_keys")
    @classmethod
    def _valid_keys(cls, value: SecretStr) -> SecretStr:
        decode_keys(value.get_secret_value())
        return value

    @model_validator(mode="after")
    def _complete_line_account(self) -> Self:
        """A LINE account that can receive but not send, or send but not receive, stops the start."""
        sends = bool(self.line_channel_access_token.get_secret_value() or self.line_channel_id)
        if sends and not self.line_secrets:
            message = "LINE_CHANNEL_SECRET is missing: without it nothing that LINE sends can be trusted"
            raise ValueError(message)
        if self.line_secrets and not sends:
            message = "LINE_CHANNEL_ID is missing (or LINE_CHANNEL_ACCESS_TOKEN): without it nothing can be answered"
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _complete_telegram_account(self) -> Self:
        """The webhook needs the secret, sending needs the token; long polling needs only the token."""
        token = self.telegram_bot_token.get_secret_value()
        if token and not re.fullmatch(r"[0-9]+:[A-Za-z0-9_-]+", token):
            message = "TELEGRAM_BOT_TOKEN is no token of @BotFather: it reads 123456789:letters-and-digits"
            raise ValueError(message)
        if self.telegram_secrets and not token:
            message = "TELEGRAM_BOT_TOKEN is missing: without it nothing can be answered on Telegram"
            raise ValueError(message)
        if not all(re.fullmatch(r"[A-Za-z0-9_-]{16,256}", secret) for secret in self.telegram_secrets):
            message = "TELEGRAM_WEBHOOK_SECRET is not 16 to 256 of A-Z a-z 0-9 _ -; make one with: openssl rand -hex 32"
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _complete_mail(self) -> Self:
        if bool(self.smtp_url.get_secret_value()) != bool(self.mail_from):
            message = "SMTP_URL and MAIL_FROM belong together: set both, or neither"
            raise ValueError(message)
        return self

    @property
    def line_secrets(self) -> tuple[str, ...]:
        """The channel's secrets, newest first; none if LINE is not connected."""
        return _split(self.line_channel_secret)

    @property
    def platforms(self) -> tuple[str, ...]:
        return ("line",) * bool(self.line_secrets) + ("telegram",) * bool(self.telegram_secrets)

    @property
    def metrics_tokens(self) -> tuple[str, ...]:
        """Tokens that open `/metrics` to other machines, newest first; without one only this machine may read it."""
        return _split(self.metrics_token)

    @property
    def telegram_secrets(self) -> tuple[str, ...]:
        """Secrets accepted from Telegram's webhook, newest first."""
        return _split(self.telegram_webhook_secret)

    @property
    def url(self) -> str:
        """Base of links to this server."""
        return self.public_url or f"http://{self.host}:{self.port}"

    @property
    def is_https(self) -> bool:
        """Whether residents use https, so that cookies can be Secure."""
        return self.public_url.startswith("https://")


def read_settings() -> Settings:
    """Settings from the environment. Raises SettingsError."""
    try:
        return Settings()
    except ValidationError as error:
        faults = [
            f"{'.'.join(map(str, fault['loc'])).upper()} {fault['msg'].removeprefix('Value error, ')}".strip()
            for fault in error.errors()
        ]
        raise SettingsError("; ".join(faults)) from None


def _split(written: SecretStr) -> tuple[str, ...]:
    return tuple(part.strip() for part in written.get_secret_value().split(",") if part.strip())


def decode_keys(written: str) -> list[bytes]:
    """Decode comma-separated keys, newest first, each 32 bytes as 64 hex digits or base64. Raises ValueError."""
    return [_decode_key(part.strip()) for part in written.split(",") if part.strip()]


def _decode_key(part: str) -> bytes:
    try:
        key = bytes.fromhex(part) if re.fullmatch(r"[0-9a-fA-F]{64}", part) else base64.b64decode(part, validate=True)
    except binascii.Error:
        key = b""
    if len(key) != KEY_BYTES:
        message = f"holds a key that is not {KEY_BYTES} bytes; make one with: openssl rand -hex 32"
        raise ValueError(message)
    return key
