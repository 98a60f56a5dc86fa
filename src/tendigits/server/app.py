"""The FastAPI app: its routes, its middleware, the page's files and its OpenAPI document."""

import inspect
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.responses import FileResponse
from fastapi_offline import FastAPIOffline
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.staticfiles import StaticFiles

from tendigits.classifiers.model_info import ModelInfo, TestMetrics
from tendigits.server import routes_corrections, routes_operation, routes_reading
from tendigits.server.batching import Batcher
from tendigits.server.monitoring import REQUEST_ID_HEADER, Metrics, MonitoringMiddleware
from tendigits.server.problems import ProblemDetails, add_problem_handlers
from tendigits.server.request_bodies import ReadRequest
from tendigits.server.routes_corrections import CorrectionRequest
from tendigits.server.routes_reading import OcclusionRequest
from tendigits.server.served_model import ServedModel
from tendigits.server.service import DailyLimit, Database, Service
from tendigits.server.settings import ServerSettings

PAGE = Path(__file__).parent / "page"
PAGE_HEADERS = {
    # Nothing from other sites, and no scripts or styles but the page's own files.
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data: blob:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",  # revalidated each time, so that all files have one version
}
# Models that FastAPI does not find: the routes parse these bodies themselves, or refer to them.
REFERENCED: tuple[type[BaseModel], ...] = (
    CorrectionRequest,
    OcclusionRequest,
    ProblemDetails,
    ReadRequest,
)
# In a docstring's "Attributes:", a name and its description, which may have several lines.
_ATTRIBUTE = re.compile(r"^ {4}(\w+): (.+(?:\n {8}.+)*)", re.MULTILINE)


def create_app(settings: ServerSettings, served: ServedModel) -> FastAPI:
    """Return the app that uses the model `served`.

    Raises:
        ServerError: the database's URL is invalid.
        OSError: the folder of its SQLite file cannot be created.
    """
    metrics = Metrics()
    batcher = Batcher(settings, served, metrics)
    database = Database(settings.database, settings.corrections_limit)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await batcher.start()
        yield
        await batcher.stop()
        database.close()

    app = FastAPIOffline(
        title="tendigits",
        summary="Reads handwritten digits and stores corrections.",
        version=version("tendigits"),
        license_info={"name": "MIT"},
        lifespan=lifespan,
        redoc_url=None,
        generate_unique_id_function=lambda route: route.name,
        static_url="/docs/files",
        swagger_ui_parameters={"validatorUrl": None},  # it would call another site
    )
    daily_corrections = DailyLimit(settings.daily_corrections)
    app.state.service = Service(settings, metrics, batcher, database, daily_corrections)
    for router in (
        routes_reading.router,
        routes_corrections.router,
        routes_operation.model_router,
        routes_operation.router,
    ):
        app.include_router(router)
    _serve_page(app)

    needs_key = bool(settings.api_keys)
    app.openapi = partial(_openapi, app, needs_key=needs_key)  # type: ignore[method-assign]
    add_problem_handlers(app)
    app.add_middleware(
        CORSMiddleware,
        allow_origins=settings.cors_origins,
        allow_methods=["*"],
        allow_headers=["*"],
        expose_headers=[REQUEST_ID_HEADER, "Retry-After"],
    )
    app.add_middleware(MonitoringMiddleware, metrics=metrics)
    return app


def _serve_page(app: FastAPI) -> None:
    app.mount("/page", _PageFiles(directory=PAGE), name="page")

    @app.get("/", include_in_schema=False)
    async def page() -> FileResponse:
        return FileResponse(PAGE / "index.html", headers=PAGE_HEADERS)


class _PageFiles(StaticFiles):
    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().file_response(*args, **kwargs)
        response.headers.update(PAGE_HEADERS)
        return response


def _openapi(app: FastAPI, *, needs_key: bool) -> dict[str, Any]:
    """Return FastAPI's OpenAPI document with the parts that FastAPI cannot know; made once."""
    if not app.openapi_schema:
        document = get_openapi(
            title=app.title,
            version=app.version,
            summary=app.summary,
            license_info=app.license_info,
            routes=app.routes,
        )
        _, referenced = models_json_schema(
            [(model, "validation") for model in REFERENCED],
            ref_template="#/components/schemas/{model}",
        )
        schemas = document["components"]["schemas"]
        schemas |= referenced["$defs"]
        for dataclass in (ModelInfo, TestMetrics):
            _describe_fields(schemas[dataclass.__name__], dataclass)
        if not needs_key:
            _remove_security(document)
        app.openapi_schema = document
    return app.openapi_schema


def _describe_fields(schema: dict[str, Any], dataclass: type) -> None:
    """Copy the descriptions of a dataclass's fields from its docstring into its schema."""
    text = inspect.getdoc(dataclass) or ""
    schema["description"], _, attributes = text.partition("\n\nAttributes:\n")
    for name, description in _ATTRIBUTE.findall(attributes):
        schema["properties"][name]["description"] = " ".join(description.split())


def _remove_security(document: dict[str, Any]) -> None:
    del document["components"]["securitySchemes"]
    for operations in document["paths"].values():
        for operation in operations.values():
            operation.pop("security", None)
