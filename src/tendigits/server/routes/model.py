"""/v1/model and /v1/models/reload: what is read with."""

import asyncio
from dataclasses import asdict

from fastapi import APIRouter, Depends
from fastapi.responses import JSONResponse

from tendigits.classifiers import ModelInfo
from tendigits.errors import ModelError
from tendigits.server.answers import ReloadAnswer, ReportAnswer
from tendigits.server.keys import known_client
from tendigits.server.logs import log
from tendigits.server.problems import Problem, problem_answers
from tendigits.server.served_model import load_served_model
from tendigits.server.service import CurrentService, Service

router = APIRouter(prefix="/v1", tags=["model"], dependencies=[Depends(known_client)])


@router.get("/model", response_model=ModelInfo, responses=problem_answers(401, 421))
async def model(service: CurrentService) -> JSONResponse:
    """Tell what the model file says of itself."""
    return JSONResponse(asdict(service.batcher.model.info))


@router.get("/model/report", response_model=ReportAnswer, responses=problem_answers(401, 404, 421))
async def report(service: CurrentService) -> JSONResponse:
    """Tell what the full report says of the model; those that ship have one."""
    found = service.batcher.model.report
    if found is None:
        raise Problem(
            404, "There is no report on this model; `tendigits evaluate --full` makes one."
        )
    return JSONResponse(found.model_dump())


@router.post(
    "/models/reload", response_model=ReloadAnswer, responses=problem_answers(401, 421, 503)
)
async def reload(service: CurrentService) -> JSONResponse:
    """Read with the model file as it is now; no request is dropped.

    Where the file is broken, the old model stays in service.
    """
    try:
        await reload_model(service)
    except ModelError:
        raise Problem(
            503, "The model file cannot be used; the old model stays in service. See the log."
        ) from None
    return JSONResponse({"model": service.batcher.model.name})


async def reload_model(service: Service) -> None:
    """Put the model file as it is now in service.

    Raises:
        ModelError: it is broken; the old one stays in service.
    """
    try:
        served = await asyncio.to_thread(load_served_model, service.settings.model)
        await service.batcher.put_in_service(served)
    except ModelError as error:
        log.error("the old model stays in service: %s", error)
        raise
    log.info("reading with %s", served.name)
