"""/healthz, /readyz and /metrics: for those who run the server."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST

from tendigits.server.answers import HealthAnswer
from tendigits.server.problems import problem_answers

router = APIRouter(tags=["operation"])


@router.get("/healthz", response_model=HealthAnswer)
async def healthz() -> JSONResponse:
    """Tell that the server is alive."""
    return JSONResponse({"status": "ok"})


@router.get("/readyz", response_model=HealthAnswer, responses=problem_answers(503))
async def readyz(request: Request) -> JSONResponse:
    """Tell that pictures are read; corrections may be out of reach."""
    return JSONResponse({"status": "ok"})


@router.get("/metrics", response_class=PlainTextResponse)
async def metrics(request: Request) -> Response:
    """Give the figures for Prometheus."""
    return Response(request.app.state.metrics.text(), media_type=CONTENT_TYPE_LATEST)
