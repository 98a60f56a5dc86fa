"""A server that is overloaded, stopped, reloaded, has slow clients, or whose workers die."""

import os
import signal
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from paper import on_paper, row
from server_process import Server, is_alive, png, serving, wait_until
from tendigits.data import Dataset

SLOW_CLIENTS = 1000


@pytest.fixture(scope="module")
def large(mnist: Dataset) -> bytes:
    """A picture that takes a few tenths of a second to read."""
    page = on_paper(row(mnist.test.images[:6]), noise=0.02)
    return png(np.pad(page, ((300, 300), (100, 100), (0, 0)), mode="edge"))


def test_sigterm_finishes_requests_in_progress(tmp_path: Path, large: bytes) -> None:
    with serving(tmp_path) as server, ThreadPoolExecutor(8) as clients:
        responses = [clients.submit(server.read, large) for _ in range(8)]
        wait_until(lambda: "tendigits_queue_pictures 0" not in server.get("/metrics").text)
        (worker,) = server.workers()
        server.process.terminate()
        assert [each.result().status_code for each in responses] == [200] * 8
        assert server.process.wait(20) == -signal.SIGTERM
    assert not is_alive(worker)
    assert "Traceback" not in server.log.read_text()


def test_ctrl_c_prints_one_line(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        (worker,) = server.workers()
        for process in (server.process.pid, worker):  # as a terminal does
            os.kill(process, signal.SIGINT)
        assert server.process.wait(20) == 130
    assert not is_alive(worker)
    assert server.log.read_text().splitlines()[-1] == "tendigits: Stopped."


def test_a_thousand_slow_clients_do_not_delay_others(server: Server, mnist: Dataset) -> None:
    host, _, port = server.url.removeprefix("http://").partition(":")
    start = b"POST /v1/read HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/png\r\n"
    halves = (start, start + b"Content-Length: 1000\r\n\r\n")  # within the headers, within the body
    clients = [socket.create_connection((host, int(port))) for _ in range(SLOW_CLIENTS)]
    try:
        for number, client in enumerate(clients):
            client.sendall(halves[number % 2])
        times = []
        for _ in range(3):
            for client in clients:
                client.sendall(b"x")
            started = time.monotonic()
            assert server.read(png(mnist.test.images[0])).json()["text"] == "7"
            times.append(time.monotonic() - started)
            time.sleep(1)
        assert max(times) < 5, times
    finally:
        for client in clients:
            client.close()


def test_a_full_queue_rejects_requests_and_one_client_cannot_fill_it(
    tmp_path: Path, large: bytes
) -> None:
    with serving(tmp_path, "--queue", "8") as server, ThreadPoolExecutor(16) as clients:
        responses = list(clients.map(lambda _: server.read(large), range(16)))
        assert {response.status_code for response in responses} == {200, 429}
        rejected = [response for response in responses if response.status_code == 429]
        assert all(response.headers["Retry-After"] for response in rejected)
        metrics = server.get("/metrics").text
        assert f'tendigits_rejected_requests_total{{status="429"}} {len(rejected)}.0' in metrics
    keys = ["--api-key", "a", "--api-key", "b", "--api-key", "c"]
    with serving(tmp_path, "--queue", "8", *keys) as server, ThreadPoolExecutor(16) as clients:

        def read(number: int) -> int:
            headers = {"Authorization": f"Bearer {'abc'[number % 3]}"}
            headers |= {"Content-Type": "image/png"}
            return server.post("/v1/read", data=large, headers=headers).status_code

        assert 503 in set(clients.map(read, range(24)))


def test_a_worker_that_dies_is_replaced(tmp_path: Path, large: bytes) -> None:
    with serving(tmp_path) as server, ThreadPoolExecutor(1) as clients:
        (worker,) = server.workers()
        os.kill(worker, signal.SIGSTOP)  # so that it is not finished before it dies
        response = clients.submit(server.read, large)
        time.sleep(0.5)
        os.kill(worker, signal.SIGKILL)
        assert response.result().status_code == 503
        assert server.read(large).status_code == 200
        assert server.workers() not in ([], [worker])


def test_a_worker_whose_picture_takes_too_long_is_replaced(tmp_path: Path, large: bytes) -> None:
    with serving(tmp_path, "--time-limit", "2") as server, ThreadPoolExecutor(1) as clients:
        (worker,) = server.workers()
        os.kill(worker, signal.SIGSTOP)  # as if its picture took for ever
        response = clients.submit(server.read, large).result()
        assert response.status_code == 503
        assert response.headers["Content-Type"] == "application/problem+json"
        assert "took more than 2 seconds" in response.json()["detail"]
        assert not is_alive(worker)
        assert server.read(large).status_code == 200


def test_a_server_whose_workers_keep_dying_says_so_and_recovers(
    tmp_path: Path, large: bytes
) -> None:
    with serving(tmp_path) as server:
        ready = {"status": "ok", "workers": 1}
        assert server.get("/readyz").json() == ready

        def dies_again() -> bool:
            for worker in server.workers():
                os.kill(worker, signal.SIGKILL)
            started = time.monotonic()
            response = server.read(large)
            assert response.status_code in (200, 503)
            assert time.monotonic() - started < 20
            return server.get("/readyz").status_code == 503

        wait_until(dies_again, 60)
        assert "keep dying" in server.get("/readyz").json()["detail"]
        assert "keep dying" in server.read(large).json()["detail"]
        wait_until(lambda: server.get("/readyz").json() == ready, 60)
        assert server.read(large).status_code == 200


def test_headers_that_do_not_end_are_cut_off(tmp_path: Path) -> None:
    with serving(tmp_path, "--header-timeout", "1") as server:
        host, _, port = server.url.removeprefix("http://").partition(":")
        for start in (b"", b"GET /healthz HTTP/1.1\r\nA: ", b"GET"):
            with socket.create_connection((host, int(port)), timeout=20) as client:
                client.sendall(start)
                began = time.monotonic()
                received = client.recv(4096)
                assert received[:12] == (b"HTTP/1.1 408" if start else b"")
                assert time.monotonic() - began > 0.5
        with socket.create_connection((host, int(port)), timeout=20) as client:
            client.sendall(
                b"POST /v1/read HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n"
            )
            time.sleep(1.5)  # a body may take longer
            client.sendall(b"no figure")
            assert client.recv(4096)[:12] == b"HTTP/1.1 415"


def test_connections_end_after_a_response_to_a_request_with_an_incomplete_body(
    tmp_path: Path,
) -> None:
    request = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n"

    def receive_response(client: socket.socket) -> None:
        received = b""
        while not received.endswith(b'{"status":"ok"}'):
            received += client.recv(4096)
            assert received.startswith(b"HTTP/1.1 200")

    with serving(tmp_path, "--header-timeout", "1") as server:
        host, _, port = server.url.removeprefix("http://").partition(":")
        for rest in (b"x", b"x" * 8, b"x" * 8 + request + b"\r\n"):
            with socket.create_connection((host, int(port)), timeout=20) as client:
                client.sendall(request + b"Content-Length: 10\r\n\r\nxx")
                receive_response(client)
                client.sendall(rest)
                if request in rest:
                    receive_response(client)
                else:
                    assert client.recv(4096) == b""


def test_large_headers_are_rejected(server: Server) -> None:
    host, _, port = server.url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=20) as client:
        client.sendall(b"GET /healthz HTTP/1.1\r\n")
        try:
            for _ in range(100):
                client.sendall(b"A: " + b"b" * 20_000 + b"\r\n")
            assert client.recv(4096)[:12] == b"HTTP/1.1 400"
        except ConnectionError:
            pass  # it was closed meanwhile


def test_sighup_reloads_the_model_without_dropping_a_request(tmp_path: Path, large: bytes) -> None:
    with serving(tmp_path) as server, ThreadPoolExecutor(4) as clients:
        responses = [clients.submit(server.read, large) for _ in range(10)]
        (worker,) = server.workers()
        server.process.send_signal(signal.SIGHUP)
        wait_until(lambda: not is_alive(worker))
        assert {each.result().status_code for each in responses} == {200}
        assert server.log.read_text().count("model in use: reader") == 1
