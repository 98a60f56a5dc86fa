"""What every request needs: the settings, the figures, the readers and the database."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from tendigits.server.batching import Batcher
from tendigits.server.database import Database
from tendigits.server.prometheus import Metrics
from tendigits.server.settings import ServerSettings


@dataclass(frozen=True, eq=False)
class Service:
    """The parts of a running server.

    Attributes:
        settings: what it was told.
        metrics: what Prometheus is told.
        batcher: reads pictures.
        database: keeps corrections.
    """

    settings: ServerSettings
    metrics: Metrics
    batcher: Batcher
    database: Database


def _service_of(request: Request) -> Service:
    service: Service = request.app.state.service
    return service


CurrentService = Annotated[Service, Depends(_service_of)]
