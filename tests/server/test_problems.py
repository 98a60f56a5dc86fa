import pytest

from server_process import Server


def test_an_unknown_address_gets_problem_details(server: Server) -> None:
    response = server.get("/nowhere")
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.json() == {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "detail": "There is nothing at this address; /docs lists all addresses.",
    }


def test_an_unsupported_method_gets_the_methods_of_all_routes_at_the_address(
    server: Server,
) -> None:
    response = server.delete("/v1/corrections")
    assert response.status_code == 405
    assert response.headers["Allow"] == "GET, POST"


def test_an_invalid_parameter_is_named(server: Server) -> None:
    response = server.get("/v1/corrections?limit=0")
    assert response.status_code == 422
    assert response.json()["detail"] == (
        "Invalid value for limit: input should be greater than or equal to 1."
    )


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        ({"key": 5, "frame": [[1]], "read": 7, "correct": 12}, "Invalid value for key: "),
        ({"key": "k", "frame": [1], "read": 7, "correct": 12}, "Invalid value for frame[0]: "),
        ({"key": "k", "frame": [1], "raed": 7, "correct": 1}, "Unknown field raed; /docs"),
        ({"frame": "x", "read": 7, "correct": 1}, "The field key is missing; add it."),
        ({"x" * 10_000: 1}, f"Unknown field {'x' * 100}; /docs"),
    ],
)
def test_the_first_field_that_is_wrong_is_named(
    server: Server, body: dict[str, object], detail: str
) -> None:
    response = server.post("/v1/corrections", json=body)
    assert response.status_code == 422
    assert response.json()["detail"].startswith(detail)
