import re
from pathlib import Path
from typing import Any

from server_process import Server, serving


def test_the_page_and_its_files_are_served(server: Server) -> None:
    html = server.get("/")
    assert html.headers["Content-Type"].startswith("text/html")
    assert server.get("/page/index.html").content == html.content
    assert server.get("/page/nothing.js").status_code == 404
    script = server.get("/page/main.js")
    assert script.headers["Content-Type"].startswith("text/javascript")
    for each in (html, script):
        assert "default-src 'self'" in each.headers["Content-Security-Policy"]
        assert each.headers["Cache-Control"] == "no-cache"


def test_the_docs_load_nothing_from_other_sites(server: Server) -> None:
    page = server.get("/docs").text
    assert "http://" not in page
    assert "https://" not in page
    assert '"validatorUrl": null' in page
    for path in re.findall(r'(?:src|href)="(/[^"]+)"', page):
        assert server.get(path).status_code == 200


def test_every_field_and_parameter_is_described(server: Server) -> None:
    document = server.get("/openapi.json").json()
    schemas = document["components"]["schemas"]
    fields = [
        (name, field, schema)
        for name, model in schemas.items()
        for field, schema in model.get("properties", {}).items()
    ]
    assert len(fields) > 40
    undescribed = [
        (name, field)
        for name, field, schema in fields
        if not schema.get("description") and "$ref" not in schema
    ]
    assert undescribed == []
    operations = [each for path in document["paths"].values() for each in path.values()]
    assert all(each["description"] for each in operations)
    parameters = [each for operation in operations for each in operation.get("parameters", [])]
    assert all(each["description"] for each in parameters)
    assert [each for each in references(document) if each not in schemas] == []


def test_only_named_origins_are_allowed(tmp_path: Path) -> None:
    site = "https://a.example"
    with serving(tmp_path, "--model", "tiny", "--cors-origin", site) as server:
        for origin, allowed in ((site, site), ("https://b.example", None)):
            response = server.get("/healthz", headers={"Origin": origin})
            assert response.headers.get("Access-Control-Allow-Origin") == allowed


def references(document: Any) -> list[str]:
    if isinstance(document, list):
        return [name for each in document for name in references(each)]
    if not isinstance(document, dict):
        return []
    own = [document["$ref"].rpartition("/")[2]] if isinstance(document.get("$ref"), str) else []
    return own + [name for each in document.values() for name in references(each)]
