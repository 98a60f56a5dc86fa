"""The model in use (/v1/model, /v1/models/reload), health checks and metrics."""

from dataclasses import asdict
from typing import Literal, Self

from fastapi import APIRouter, Depends, Response
from fastapi.responses import JSONResponse, PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import BaseModel, Field

from tendigits.classifiers import ModelInfo
from tendigits.errors import ModelError
from tendigits.evaluation.report import Report
from tendigits.reading.schemas import Probability
from tendigits.server.batching import BUSY, DOWN
from tendigits.server.problems import Problem, documented_problems
from tendigits.server.service import CurrentService, identify_client

router = APIRouter(tags=["operation"])
model_router = APIRouter(prefix="/v1", tags=["model"], dependencies=[Depends(identify_client)])


class CalibrationBin(BaseModel):
    """The test images whose confidence falls into one bin."""

    images: int = Field(description="The number of images.")
    confidence: Probability = Field(description="The mean of their confidences.")
    accuracy: Probability = Field(description="The fraction that was read correctly.")


class ReportResponse(BaseModel):
    """Figures of the full report on the model, on MNIST's test images."""

    confusion: list[list[int]] = Field(
        description="The number of images of each digit (row) predicted as each digit (column)."
    )
    negative_log_likelihood: float = Field(description="In nats, with the model's temperature.")
    calibration_error: float = Field(
        description="The expected calibration error over 15 bins, with the model's temperature."
    )
    bins: list[CalibrationBin] = Field(
        description="The calibration curve, from low to high confidence."
    )

    @classmethod
    def from_report(cls, report: Report) -> Self:
        """Return the response for a full report."""
        calibration = report.calibration.final
        return cls(
            confusion=[list(row) for row in report.accuracy.metrics.confusion],
            negative_log_likelihood=calibration.negative_log_likelihood,
            calibration_error=calibration.calibration_error,
            bins=[
                CalibrationBin(
                    images=each.images, confidence=each.confidence, accuracy=each.accuracy
                )
                for each in calibration.bins
            ],
        )


class ReloadResponse(BaseModel):
    """The model that is used from now on."""

    model: str = Field(description="Its name, and the start of its SHA-256.")


class HealthResponse(BaseModel):
    """The state of the server."""

    status: Literal["ok"] = Field(description="Always `ok`; an error response is sent otherwise.")


class ReadyResponse(BaseModel):
    """Whether the server can read pictures."""

    status: Literal["ok", "degraded"] = Field(
        description="`degraded` if some of the processes that read pictures keep dying."
    )
    workers: int = Field(description="The number of processes that read pictures.")


@model_router.get("/model", response_model=ModelInfo, responses=documented_problems(401, 421))
async def model(service: CurrentService) -> JSONResponse:
    """Return the metadata that is embedded in the model file."""
    return JSONResponse(asdict(service.batcher.model.info))


@model_router.get(
    "/model/report", response_model=ReportResponse, responses=documented_problems(401, 404, 421)
)
async def report(service: CurrentService) -> JSONResponse:
    """Return figures of the full report on the model; every pretrained model has one."""
    found = service.batcher.model.report
    if found is None:
        raise Problem(
            404, "There is no report on this model; `tendigits evaluate --full` writes one."
        )
    return JSONResponse(ReportResponse.from_report(found).model_dump())


@model_router.post(
    "/models/reload",
    response_model=ReloadResponse,
    responses=documented_problems(401, 403, 421, 503),
)
async def reload(service: CurrentService) -> JSONResponse:
    """Read the model file again and use it from now on; no request is dropped.

    If it cannot be used, the previous model stays in use. One reload at a time: others get 503.
    """
    try:
        await service.reload_model()
    except ModelError:
        raise Problem(
            503, "The model file cannot be used; the previous model stays in use. See the log."
        ) from None
    return JSONResponse(ReloadResponse(model=service.batcher.model.name).model_dump())


@router.get("/healthz", response_model=HealthResponse)
async def healthz() -> JSONResponse:
    """Return whether the server is alive."""
    return JSONResponse(HealthResponse(status="ok").model_dump())


@router.get("/readyz", response_model=ReadyResponse, responses=documented_problems(503))
async def readyz(service: CurrentService) -> JSONResponse:
    """Return whether pictures can be read now; the database is not checked.

    503 if the queue is full, or if all processes that read pictures keep dying.
    """
    workers = service.batcher.workers
    if not workers:
        raise Problem(503, DOWN)
    if service.batcher.is_full:
        raise Problem(503, BUSY)
    status: Literal["ok", "degraded"] = "ok" if workers == service.settings.workers else "degraded"
    return JSONResponse(ReadyResponse(status=status, workers=workers).model_dump())


@router.get("/metrics", response_class=PlainTextResponse)
async def metrics(service: CurrentService) -> Response:
    """Return the metrics for Prometheus."""
    return Response(service.metrics.text(), media_type=CONTENT_TYPE_LATEST)
