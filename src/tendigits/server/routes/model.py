"""/v1/model and /v1/models/reload: what is read with."""

import asyncio
from dataclasses import asdict

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse

from tendigits.errors import ModelError
from tendigits.reading.model_file import ModelInfo
from tendigits.server.answers import ReloadAnswer
from tendigits.server.batching import Batcher
from tendigits.server.keys import require_key
from tendigits.server.logs import log
from tendigits.server.model import load_served_model
from tendigits.server.problems import Problem, problem_answers
from tendigits.server.settings import ServerSettings

router = APIRouter(prefix="/v1", tags=["model"], dependencies=[Depends(require_key)])


@router.get("/model", response_model=ModelInfo, responses=problem_answers(401))
async def model(request: Request) -> JSONResponse:
    """Tell what the model file says of itself."""
    return JSONResponse(asdict(request.app.state.batcher.model.info))


@router.post("/models/reload", response_model=ReloadAnswer, responses=problem_answers(401, 503))
async def reload(request: Request) -> JSONResponse:
    """Read with the model file as it is now; no request is dropped.

    Where the file is broken, the old model stays in service.
    """
    app = request.app.state
    try:
        await reload_model(app.settings, app.batcher)
    except ModelError:
        raise Problem(
            503, "The model file cannot be used; the old model stays in service. See the log."
        ) from None
    return JSONResponse({"model": app.batcher.model.name})


async def reload_model(settings: ServerSettings, batcher: Batcher) -> None:
    """Put the model file as it is now in service.

    Raises:
        ModelError: it is broken; the old one stays in service.
    """
    try:
        await batcher.put_in_service(await asyncio.to_thread(load_served_model, settings.model))
    except ModelError as error:
        log.error("the old model stays in service: %s", error)
        raise
    assert batcher.model is not None
    log.info("reading with %s", batcher.model.name)
