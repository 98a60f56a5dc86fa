import pytest

from tendigits.errors import ServerError
from tendigits.server.settings import ServerSettings, is_loopback, load_settings


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ServerSettings.model_fields:
        monkeypatch.delenv(f"TENDIGITS_{name.upper()}", raising=False)


def test_out_of_the_box_it_serves_this_machine_alone() -> None:
    settings = load_settings()
    assert (settings.host, settings.port, settings.model) == ("127.0.0.1", 8000, "reader")
    assert settings.database.startswith("sqlite:///")
    assert settings.database.endswith("corrections.sqlite")
    assert settings.api_keys == ()
    assert settings.readers >= 1


def test_the_environment_sets_what_no_option_sets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TENDIGITS_PORT", "9000")
    monkeypatch.setenv("TENDIGITS_QUEUE", "7")
    monkeypatch.setenv("TENDIGITS_API_KEYS", "one, two,")
    monkeypatch.setenv("TENDIGITS_CORS_ORIGINS", "https://a.example,https://b.example")
    settings = load_settings({"port": 9001})
    assert (settings.port, settings.queue) == (9001, 7)
    assert [key.get_secret_value() for key in settings.api_keys] == ["one", "two"]
    assert settings.cors_origins == ("https://a.example", "https://b.example")


def test_keys_are_not_shown() -> None:
    assert "secret" not in repr(load_settings({"api_keys": ["secret"]}))


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"port": 70_000}, "port = 70000"),
        ({"port": "many"}, "port = 'many'"),
        ({"queue": 0}, "queue = 0"),
        ({"readers": 0}, "readers = 0"),
        ({"log_format": "xml"}, "log_format = 'xml'"),
        ({"cors_origins": "example.org"}, "https://example.org"),
        ({"host": "0.0.0.0"}, "--open"),
        ({"host": "::"}, "TENDIGITS_API_KEYS"),
        ({"host": "example.org"}, "--open"),
    ],
)
def test_what_will_not_do_is_told_in_a_sentence(given: dict[str, object], named: str) -> None:
    with pytest.raises(ServerError, match=r"will not do|cannot be started") as told:
        load_settings(given)
    assert named in str(told.value)
    assert str(told.value).endswith(".")


@pytest.mark.parametrize("given", [{"open": True}, {"api_keys": ["x"]}])
def test_it_listens_elsewhere_with_a_key_or_when_told(given: dict[str, object]) -> None:
    assert load_settings({"host": "0.0.0.0", **given}).host == "0.0.0.0"


def test_loopback_addresses_are_known() -> None:
    assert all(map(is_loopback, ["localhost", "127.0.0.1", "127.9.9.9", "::1"]))
    assert not any(map(is_loopback, ["0.0.0.0", "::", "10.0.0.1", "example.org", ""]))
