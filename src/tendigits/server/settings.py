"""What a server can be told, by flags or `TENDIGITS_*` environment variables."""

import ipaddress
import os
from collections.abc import Mapping
from typing import Annotated, Literal

import platformdirs
from pydantic import (
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
from tendigits.reading.reader import DEFAULT_MODEL

LogFormat = Literal["plain", "json"]


def _default_database() -> str:
    """Return the URL of the SQLite file in the user's folder of data."""
    return f"sqlite:///{platformdirs.user_data_path('tendigits') / 'corrections.sqlite'}"


class ServerSettings(BaseSettings):
    """Every setting of a server.

    Attributes:
        host: the address to listen on.
        port: the port; 0 takes a free one.
        model: a model file, or a shipped model's name.
        database: the URL of the corrections' database, `sqlite:///FILE` or
            `postgresql+psycopg://USER@HOST/NAME`; several servers can share the latter.
        body_limit: how many bytes a request may have.
        pixel_limit: how many pixels a picture may have.
        readers: how many processes read pictures.
        queue: how many pictures may wait to be read; beyond that requests are rejected.
        api_keys: a client must send one of them as `Authorization: Bearer KEY`; in the environment
            with commas between them.
        open: listen beyond this machine although there is no key.
        cors_origins: the sites whose pages may use the server; in the environment with commas.
        log_format: a log for people, or a JSON object a line.
    """

    model_config = SettingsConfigDict(env_prefix="TENDIGITS_", frozen=True, extra="ignore")

    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    model: str = DEFAULT_MODEL
    database: str = Field(default_factory=_default_database)
    body_limit: PositiveInt = 20 * 2**20
    pixel_limit: PositiveInt = 40_000_000
    readers: PositiveInt = Field(default_factory=lambda: os.cpu_count() or 1)
    queue: PositiveInt = 1024
    api_keys: Annotated[tuple[SecretStr, ...], NoDecode] = ()
    open: bool = False
    cors_origins: Annotated[tuple[str, ...], NoDecode] = ()
    log_format: LogFormat = "plain"

    @field_validator("api_keys", "cors_origins", mode="before")
    @classmethod
    def _between_commas(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("cors_origins")
    @classmethod
    def _are_origins(cls, origins: tuple[str, ...]) -> tuple[str, ...]:
        for origin in origins:
            if origin != "*" and not origin.startswith(("http://", "https://")):
                raise PydanticCustomError("origin", "an origin is written like https://example.org")
        return origins

    @model_validator(mode="after")
    def _is_not_open_by_mistake(self) -> "ServerSettings":
        if not (self.open or self.api_keys or is_loopback(self.host)):
            raise PydanticCustomError(
                "open",
                "other machines can reach it: set TENDIGITS_API_KEYS, or give --open to let "
                "anyone use it",
            )
        return self


def load_settings(given: Mapping[str, object] | None = None) -> ServerSettings:
    """Return the settings: those that are `given`, else the environment's, else the defaults.

    Raises:
        ServerError: one of them will not do.
    """
    try:
        return ServerSettings(**dict(given or {}))  # type: ignore[arg-type]
    except ValidationError as error:
        raise ServerError(_in_a_sentence(error.errors()[0])) from error


def is_loopback(host: str) -> bool:
    """Tell whether only this machine can reach what listens on `host`."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _in_a_sentence(problem: ErrorDetails) -> str:
    reason = problem["msg"].rstrip(".")
    if not problem["loc"]:
        return f"The server cannot be started so: {reason}."
    name = str(problem["loc"][0])
    return f"{name} = {problem['input']!r} will not do: {reason[0].lower()}{reason[1:]}."
