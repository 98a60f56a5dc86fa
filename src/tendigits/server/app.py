"""The app: what answers where."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from importlib.metadata import version

from fastapi import FastAPI
from fastapi_offline import FastAPIOffline
from starlette.middleware.cors import CORSMiddleware

from tendigits.server.batching import Batcher
from tendigits.server.database import Database
from tendigits.server.openapi import describe
from tendigits.server.problems import tell_problems
from tendigits.server.prometheus import Metrics
from tendigits.server.routes import correct, health, model, occlude, read
from tendigits.server.routes.page import serve_page
from tendigits.server.served_model import ServedModel
from tendigits.server.service import Service
from tendigits.server.settings import ServerSettings
from tendigits.server.watch import HEADER, Watch


def create_app(settings: ServerSettings, served: ServedModel) -> FastAPI:
    """Return the app that reads with `served`, as `settings` say.

    Raises:
        ServerError: the database's URL is none.
        OSError: the folder of its SQLite file cannot be made.
    """
    metrics = Metrics()
    batcher = Batcher(settings, served, metrics)
    database = Database(settings.database)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await batcher.start()
        yield
        await batcher.stop()
        database.close()

    app = FastAPIOffline(
        title="tendigits",
        summary="Reads handwritten digits, and keeps corrections.",
        version=version("tendigits"),
        license_info={"name": "MIT"},
        lifespan=lifespan,
        redoc_url=None,
        generate_unique_id_function=lambda route: route.name,
        static_url="/docs/files",
        swagger_ui_parameters={"validatorUrl": None},  # it would call an outside address
    )
    app.state.service = Service(settings, metrics, batcher, database)
    for group in (read, occlude, correct, model, health):
        app.include_router(group.router)
    serve_page(app)

    needs_key = bool(settings.api_keys)
    app.openapi = partial(describe, app, needs_key=needs_key)  # type: ignore[method-assign]
    tell_problems(app)
    app.add_middleware(
        CORSMiddleware,
        allow_origins=settings.cors_origins,
        allow_methods=["*"],
        allow_headers=["*"],
        expose_headers=[HEADER, "Retry-After"],
    )
    app.add_middleware(Watch, metrics=metrics)
    return app
