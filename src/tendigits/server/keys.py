"""Who may use a server: anyone on this machine, or who sends one of its keys."""

import secrets
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from tendigits.server.problems import Problem
from tendigits.server.service import CurrentService
from tendigits.server.settings import ServerSettings, is_loopback

_bearer = HTTPBearer(
    auto_error=False, description="One of the server's keys; needed where it was given some."
)


async def known_client(
    request: Request,
    service: CurrentService,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
) -> str:
    """Return what tells a client from others: its key, or its address.

    Raises:
        Problem: the server has keys and the client sent none of them (401), or it has none and was
            called by another name than this machine's own (421).
    """
    settings = service.settings
    if settings.api_keys:
        return _checked_key(settings, credentials.credentials if credentials else "")
    if not settings.open and not is_loopback(request.url.hostname or ""):
        # A site that gives its own name this machine's address would reach it by a browser here.
        raise Problem(421, "The server answers as localhost alone; start it with a key or --open.")
    return request.client.host if request.client else ""


Client = Annotated[str, Depends(known_client)]


def _checked_key(settings: ServerSettings, given: str) -> str:
    # All are compared, and in constant time, so that timing tells nothing of them.
    known = [
        secrets.compare_digest(given.encode(), key.get_secret_value().encode())
        for key in settings.api_keys
    ]
    if not any(known):
        raise Problem(401, "A key is needed; send it as Authorization: Bearer KEY.")
    return given
