import json
from pathlib import Path

from server_process import Server, serving, wait_until


def test_each_answer_has_an_id_which_the_log_names(server: Server) -> None:
    made, given = (
        server.get("/healthz"),
        server.get("/nowhere", headers={"X-Request-ID": "my-id.7"}),
    )
    assert given.headers["X-Request-ID"] == "my-id.7"
    for line in (
        f"{made.headers['X-Request-ID']} GET /healthz 200",
        "my-id.7 GET /nowhere 404",
    ):
        wait_until(lambda line=line: line in server.log.read_text())  # type: ignore[misc]


def test_an_id_that_would_not_fit_a_line_is_replaced(server: Server) -> None:
    for wrong in ("", "a b", "x" * 65, "é"):
        answer = server.get("/healthz", headers={"X-Request-ID": wrong.encode()})
        assert len(answer.headers["X-Request-ID"]) == 16


def test_a_json_log_has_an_object_a_line(tmp_path: Path) -> None:
    with serving(tmp_path, "--model", "tiny", "--log-format", "json") as server:
        server.get("/healthz", headers={"X-Request-ID": "it"})
        wait_until(lambda: "/healthz" in server.log.read_text())
        entries = [json.loads(line) for line in server.log.read_text().splitlines()]
    last = entries[-1]
    assert (last["request"], last["method"], last["path"]) == ("it", "GET", "/healthz")
    assert (last["status"], last["level"]) == (200, "info")
    assert last["seconds"] < 1
    assert all(entry["time"].endswith("+00:00") for entry in entries)
