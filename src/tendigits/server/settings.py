"""The settings of a server, from options or `TENDIGITS_*` environment variables."""

import ipaddress
import os
import re
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    Field,
    PositiveInt,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_core import ErrorDetails, PydanticCustomError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from tendigits.errors import ServerError
from tendigits.feedback.corrections import default_database
from tendigits.reading.reader import DEFAULT_MODEL

LogFormat = Literal["plain", "json"]
# Less than the time after which a client gets 503 whether or not a worker is reading its picture.
MAX_TIME_LIMIT = 20.0
MAX_HEADER_TIMEOUT = 60.0


def _checked_key(key: SecretStr) -> SecretStr:
    value = key.get_secret_value()
    if not value.strip():
        raise PydanticCustomError(
            "key", "a key is empty; give one that others cannot guess, or leave out the setting"
        )
    if not re.fullmatch("[!-~]+", value):  # clients differ in how they send others in a header
        raise PydanticCustomError("key", "a key must consist of ASCII characters without spaces")
    return key


ApiKey = Annotated[SecretStr, AfterValidator(_checked_key)]


class ServerSettings(BaseSettings):
    """Every setting of a server.

    Attributes:
        host: the address to listen on.
        port: the port; 0 takes a free one.
        model: a model file, or a pretrained model's name.
        database: the URL of the corrections' database, `sqlite:///FILE` or
            `postgresql+psycopg://USER@HOST/NAME`; several servers can share the latter.
        body_limit: the largest request body, in bytes.
        pixel_limit: the largest number of pixels of a picture.
        workers: the number of processes that read pictures.
        queue: the largest number of pictures in the queue; further requests are rejected.
        time_limit: the longest time for reading one picture, in seconds, at most 20; a worker that
            exceeds it is ended. Documents have limits of their own.
        header_timeout: the longest time in which a client may send a request's headers, in
            seconds, at most 60; also for the rest of a body after the response.
        corrections_limit: the largest number of stored corrections.
        daily_corrections: the largest number of corrections that one client may store in a day.
        api_keys: a client must send one of them as `Authorization: Bearer KEY`; separated by commas
            in the environment.
        open: listen on other addresses than this machine's own, without a key.
        cors_origins: the sites whose pages may use the server; separated by commas in the
            environment.
        log_format: plain text, or one JSON object per line.
    """

    model_config = SettingsConfigDict(env_prefix="TENDIGITS_", frozen=True, extra="ignore")

    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    model: str = DEFAULT_MODEL
    database: str = Field(default_factory=default_database)
    body_limit: PositiveInt = 20 * 2**20
    pixel_limit: PositiveInt = 40_000_000
    workers: PositiveInt = Field(default_factory=lambda: os.cpu_count() or 1)
    queue: PositiveInt = 1024
    time_limit: float = Field(default=10.0, gt=0, le=MAX_TIME_LIMIT, allow_inf_nan=False)
    header_timeout: float = Field(default=10.0, gt=0, le=MAX_HEADER_TIMEOUT, allow_inf_nan=False)
    corrections_limit: PositiveInt = 1_000_000
    daily_corrections: PositiveInt = 10_000
    api_keys: Annotated[tuple[ApiKey, ...], NoDecode] = ()
    open: bool = False
    cors_origins: Annotated[tuple[str, ...], NoDecode] = ()
    log_format: LogFormat = "plain"

    @field_validator("api_keys", mode="before")
    @classmethod
    def _split_keys(cls, value: object) -> object:
        # A variable without any key is one empty key, which is rejected: a secret may be missing.
        return (_parts(value) or ("",)) if isinstance(value, str) else value

    @field_validator("cors_origins", mode="before")
    @classmethod
    def _split_origins(cls, value: object) -> object:
        return _parts(value) if isinstance(value, str) else value

    @field_validator("cors_origins")
    @classmethod
    def _check_origins(cls, origins: tuple[str, ...]) -> tuple[str, ...]:
        for origin in origins:
            if origin != "*" and not origin.startswith(("http://", "https://")):
                raise PydanticCustomError("origin", "an origin looks like https://example.org")
        return origins

    @model_validator(mode="after")
    def _check_that_it_is_not_open_by_mistake(self) -> "ServerSettings":
        if not (self.open or self.api_keys or is_loopback(self.host)):
            raise PydanticCustomError(
                "open",
                "other machines could use the server without a key; set TENDIGITS_API_KEYS, or "
                "give --open to allow it",
            )
        return self


def load_settings(given: Mapping[str, object] | None = None) -> ServerSettings:
    """Return the settings: `given` values, else the environment's, else the defaults.

    Raises:
        ServerError: a value is invalid.
    """
    try:
        return ServerSettings(**dict(given or {}))  # type: ignore[arg-type]
    except ValidationError as error:
        raise ServerError(_sentence(error.errors()[0])) from error


def is_loopback(host: str) -> bool:
    """Return whether only this machine can connect to `host`."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _parts(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _sentence(error: ErrorDetails) -> str:
    reason = error["msg"].rstrip(".")
    if not error["loc"]:
        return f"Invalid settings: {reason}."
    reason = reason[0].lower() + reason[1:]
    return f"Invalid value for {error['loc'][0]}: {error['input']!r}: {reason}."
