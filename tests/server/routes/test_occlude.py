import pytest

from server_process import Server, base64_of, png
from tendigits.data import Dataset
from tendigits.server.answers import OcclusionAnswer


def test_a_frame_is_asked_on_which_strokes_its_answer_hangs(server: Server, mnist: Dataset) -> None:
    seven = mnist.test.images[0]
    answers = [
        server.post("/v1/occlusion", json={"frame": frame}).json()
        for frame in (seven.tolist(), f"data:image/png;base64,{base64_of(png(seven))}")
    ]
    assert answers[0] == answers[1]
    found = OcclusionAnswer.model_validate(answers[0])
    assert found.answer == 7
    assert min(map(min, found.hidden)) < found.confidence


@pytest.mark.parametrize("frame", ["", "?", base64_of(b"no picture"), [[0]], None])
def test_what_is_no_frame_is_rejected(server: Server, frame: object) -> None:
    answer = server.post("/v1/occlusion", json={"frame": frame})
    assert answer.status_code == 422
    assert answer.json()["detail"].endswith(".")


def test_another_content_type_is_rejected(server: Server) -> None:
    assert server.post("/v1/occlusion", data=b"{}").status_code == 415
