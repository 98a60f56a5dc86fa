import re

from prometheus_client.parser import text_string_to_metric_families

from server_process import Server, png
from tendigits.data import Dataset


def test_it_is_alive_and_ready(server: Server) -> None:
    for path in ("/healthz", "/readyz"):
        answer = server.get(path)
        assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_what_happens_is_counted(server: Server, mnist: Dataset) -> None:
    before = figures(server)
    server.read(png(mnist.test.images[0]))
    server.get("/nowhere")
    server.correct("counted")
    after = figures(server)

    def more(name: str) -> float:
        return after[name] - before.get(name, 0)

    assert more("tendigits_requests_total{method=POST,route=/v1/read,status=200}") == 1
    assert more("tendigits_requests_total{method=GET,route=other,status=404}") == 1
    assert more("tendigits_request_seconds_count{route=/v1/read}") == 1
    assert more("tendigits_batch_pictures_count{}") == 1
    assert more("tendigits_shapes_total{digit=7}") == 1
    assert more("tendigits_corrections_total{}") == 1
    assert after["tendigits_queue_pictures{}"] == 0


def test_the_figures_say_nothing_of_paths(server: Server) -> None:
    assert not re.search(r"/(home|root|tmp|usr|src)", server.get("/metrics").text)


def figures(server: Server) -> dict[str, float]:
    found = {}
    for family in text_string_to_metric_families(server.get("/metrics").text):
        for sample in family.samples:
            labels = ",".join(f"{name}={value}" for name, value in sorted(sample.labels.items()))
            found[f"{sample.name}{{{labels}}}"] = sample.value
    return found
