"""/healthz, /readyz and /metrics: for those who run the server."""

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse, PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST

from tendigits.server.answers import HealthAnswer
from tendigits.server.batching import BUSY
from tendigits.server.problems import Problem, problem_answers
from tendigits.server.service import CurrentService

router = APIRouter(tags=["operation"])


@router.get("/healthz", response_model=HealthAnswer)
async def healthz() -> JSONResponse:
    """Tell that the server is alive."""
    return JSONResponse({"status": "ok"})


@router.get("/readyz", response_model=HealthAnswer, responses=problem_answers(503))
async def readyz(service: CurrentService) -> JSONResponse:
    """Tell whether there is room for pictures; corrections may be out of reach."""
    if service.batcher.is_full:
        raise Problem(503, BUSY)
    return JSONResponse({"status": "ok"})


@router.get("/metrics", response_class=PlainTextResponse)
async def metrics(service: CurrentService) -> Response:
    """Give the figures for Prometheus."""
    return Response(service.metrics.text(), media_type=CONTENT_TYPE_LATEST)
