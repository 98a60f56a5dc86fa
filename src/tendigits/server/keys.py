"""Who may use a server: anyone, or who sends one of its keys."""

import secrets
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from tendigits.server.problems import Problem
from tendigits.server.settings import ServerSettings

_bearer = HTTPBearer(
    auto_error=False, description="One of the server's keys; needed where it was given some."
)


async def require_key(
    request: Request,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
) -> None:
    """Refuse a request without a key (401), where the server has keys."""
    settings: ServerSettings = request.app.state.settings
    if not settings.api_keys:
        return
    given = credentials.credentials.encode() if credentials else b""
    # All are compared, and in constant time, so that timing tells nothing of them.
    known = [
        secrets.compare_digest(given, key.get_secret_value().encode()) for key in settings.api_keys
    ]
    if not any(known):
        raise Problem(401, "A key is needed; send it as Authorization: Bearer KEY.")
