"""A plain endpoint with the same Reader: FastAPI, without a queue, batches or limits.

`serving.py` runs it with uvicorn, with as many worker processes as `tendigits serve` has.
"""

from typing import Annotated

from fastapi import Body, FastAPI

from tendigits import Reader
from tendigits.classifiers import load_model_file
from tendigits.reading.schemas import PictureResult

app = FastAPI()
reader = Reader(load_model_file("reader", threads=1))  # one thread per process, as in our workers


@app.post("/v1/read", response_model_exclude_unset=True)
def read(picture: Annotated[bytes, Body(media_type="image/png")]) -> PictureResult:
    return PictureResult.from_reading("-", reader.read(picture))
