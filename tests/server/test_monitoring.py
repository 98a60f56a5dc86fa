import asyncio
import json
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families
from starlette.types import Message, Receive, Scope, Send

from server_process import Server, serving, wait_until
from tendigits.server.monitoring import Metrics, MonitoringMiddleware


def test_each_response_has_a_request_id_that_is_in_the_log(server: Server) -> None:
    generated = server.get("/healthz")
    given = server.get("/nowhere", headers={"X-Request-ID": "my-id.7"})
    assert given.headers["X-Request-ID"] == "my-id.7"
    for line in (
        f"{generated.headers['X-Request-ID']} GET /healthz 200",
        "my-id.7 GET /nowhere 404",
    ):
        wait_until(lambda line=line: line in server.log.read_text())  # type: ignore[misc]


def test_an_invalid_request_id_is_replaced(server: Server) -> None:
    for invalid in ("", "a b", "x" * 65, "é"):
        response = server.get("/healthz", headers={"X-Request-ID": invalid.encode()})
        assert len(response.headers["X-Request-ID"]) == 16


def test_a_json_log_has_one_object_per_line(tmp_path: Path) -> None:
    with serving(tmp_path, "--model", "tiny", "--log-format", "json") as server:
        server.get("/healthz", headers={"X-Request-ID": "it"})
        wait_until(lambda: "/healthz" in server.log.read_text())
        entries = [json.loads(line) for line in server.log.read_text().splitlines()]
    last = entries[-1]
    assert (last["request"], last["method"], last["path"]) == ("it", "GET", "/healthz")
    assert (last["status"], last["level"]) == (200, "info")
    assert last["seconds"] < 1
    assert all(entry["time"].endswith("+00:00") for entry in entries)


def test_an_unhandled_exception_gets_a_500_response_and_is_counted() -> None:
    async def failing_app(_: Scope, __: Receive, ___: Send) -> None:
        raise ZeroDivisionError

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    metrics = Metrics()
    scope: Scope = {"type": "http", "method": "GET", "path": "/", "headers": []}
    asyncio.run(MonitoringMiddleware(failing_app, metrics)(scope, receive, send))
    start, body = sent
    assert start["status"] == 500
    assert json.loads(body["body"])["detail"].startswith("Internal server error; ")
    samples = {
        (sample.name, sample.labels.get("status")): sample.value
        for family in text_string_to_metric_families(metrics.text().decode())
        for sample in family.samples
    }
    assert samples["tendigits_requests_total", "500"] == 1
