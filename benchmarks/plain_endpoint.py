"""The endpoint that a careful person writes first: FastAPI, the same Reader, no batching.

`serving.py` runs it with uvicorn beside `tendigits serve`. FastAPI gives each request a thread.
"""

from typing import Annotated

from fastapi import Body, FastAPI

from tendigits import Reader
from tendigits.reading.answer import Answer, as_answer

app = FastAPI()
reader = Reader()


@app.post("/v1/read")
def read(picture: Annotated[bytes, Body(media_type="image/png")]) -> Answer:
    return as_answer("-", reader.read(picture))
