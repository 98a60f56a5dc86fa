from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from paper import on_paper, row
from server_process import Server, base64_of, correction, png, serving
from tendigits.data import Dataset
from tendigits.server.routes_corrections import CorrectionResponse, CorrectionsPage


def test_a_correction_sent_twice_is_stored_once(server: Server, mnist: Dataset) -> None:
    sent = correction("once", frame=base64_of(png(mnist.test.images[0])), correct="non-digit")
    first = server.post("/v1/corrections", json=sent)
    again = server.post("/v1/corrections", json=sent)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    stored = CorrectionResponse.model_validate_json(first.content)
    assert (stored.key, stored.read, stored.correct) == ("once", 7, "non-digit")
    assert stored.frame == f"data:image/png;base64,{base64_of(png(mnist.test.images[0]))}"
    assert stored.model.startswith("reader ")
    assert abs((datetime.now(UTC) - stored.created).total_seconds()) < 60


def test_the_key_of_another_correction_is_a_conflict(server: Server) -> None:
    assert server.correct("taken").status_code == 201
    response = server.correct("taken", correct=2)
    assert response.status_code == 409
    assert "choose another key" in response.json()["detail"]


def test_concurrent_requests_with_one_key_store_one_correction(server: Server) -> None:
    with ThreadPoolExecutor(8) as threads:
        responses = list(threads.map(lambda _: server.correct("many"), range(16)))
    assert sorted(each.status_code for each in responses) == [200] * 15 + [201]
    assert len({each.json()["id"] for each in responses}) == 1


def test_a_picture_with_one_shape_can_replace_the_frame(server: Server, mnist: Dataset) -> None:
    picture = base64_of(png(mnist.test.images[0]))
    seen = server.post("/v1/read?frames=1", json={"picture": picture}).json()["digits"][0]["frame"]
    sent = {"key": "picture", "picture": picture, "read": 1, "correct": 7}
    assert server.post("/v1/corrections", json=sent).json()["frame"] == seen


def test_corrections_are_listed_in_pages_the_newest_first(server: Server) -> None:
    ids = [server.correct(f"page {number}").json()["id"] for number in range(5)]
    first = CorrectionsPage.model_validate_json(server.get("/v1/corrections?limit=3").content)
    assert [each.id for each in first.corrections] == ids[:1:-1]
    second = server.get(f"/v1/corrections?limit=2&before={first.next}").json()
    assert [each["id"] for each in second["corrections"]] == ids[1::-1]
    last = server.get(f"/v1/corrections?before={ids[0]}").json()
    assert last["next"] is None
    assert first.total == second["total"] == len(server.stored_keys())


def test_a_correction_is_deleted_once(server: Server) -> None:
    stored = server.correct("deleted").json()["id"]
    assert server.delete(f"/v1/corrections/{stored}").status_code == 204
    assert server.delete(f"/v1/corrections/{stored}").status_code == 404
    assert "deleted" not in server.stored_keys()


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"correct": 10}, "correct"),
        ({"correct": "seven"}, "correct"),
        ({"read": None}, "read"),
        ({"key": ""}, "key"),
        ({"key": "x" * 201}, "key"),
        ({"key": "\0"}, "key"),
        ({"frame": None}, "frame or picture"),
        ({"frame": base64_of(b"not a picture")}, "frame"),
        ({"frame": [[0] * 28] * 27}, "frame"),
        ({"frame": [[256] * 28] * 28}, "frame"),
        ({"picture": base64_of(b"too")}, "frame or picture"),
        ({"more": 1}, "more"),
    ],
)
def test_an_invalid_field_is_named(server: Server, changes: dict[str, object], part: str) -> None:
    response = server.post("/v1/corrections", json=correction("invalid") | changes)
    assert response.status_code == 422
    assert part in response.json()["detail"]
    assert "invalid" not in server.stored_keys()


def test_a_picture_with_several_shapes_is_rejected(server: Server, mnist: Dataset) -> None:
    picture = base64_of(png(on_paper(row(mnist.test.images[:3]))))
    sent = {"key": "several", "picture": picture, "read": 1, "correct": 7}
    response = server.post("/v1/corrections", json=sent)
    assert response.status_code == 422
    assert "3 shapes" in response.json()["detail"]


def test_only_json_is_accepted(server: Server) -> None:
    response = server.post("/v1/corrections", data=b"{}", headers={"Content-Type": "text/plain"})
    assert response.status_code == 415


def test_a_client_that_sends_too_many_corrections_in_a_day_is_rejected(tmp_path: Path) -> None:
    with serving(tmp_path, "--daily-corrections", "2") as server:
        assert [server.correct(key).status_code for key in "aba"] == [201, 201, 429]
        assert server.correct("c").json()["detail"] == (
            "You have sent 2 corrections within a day; send more tomorrow."
        )
        assert server.stored_keys() == {"a", "b"}


def test_a_full_store_rejects_new_corrections_and_knows_the_old_ones(tmp_path: Path) -> None:
    with serving(tmp_path, "--corrections-limit", "2") as server:
        assert [server.correct(key).status_code for key in "abca"] == [201, 201, 507, 200]
        assert server.correct("b", correct=3).status_code == 409
        (first, _) = server.get("/v1/corrections").json()["corrections"]
        assert server.delete(f"/v1/corrections/{first['id']}").status_code == 204
        assert server.correct("c").status_code == 201
