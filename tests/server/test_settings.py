import math

import pytest

from tendigits.errors import ServerError
from tendigits.server.settings import ServerSettings, is_loopback, load_settings


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ServerSettings.model_fields:
        monkeypatch.delenv(f"TENDIGITS_{name.upper()}", raising=False)


def test_the_defaults_serve_this_machine_only() -> None:
    settings = load_settings()
    assert (settings.host, settings.port, settings.model) == ("127.0.0.1", 8000, "reader")
    assert settings.database.startswith("sqlite:///")
    assert settings.database.endswith("corrections.sqlite")
    assert settings.api_keys == ()
    assert settings.workers >= 1


def test_options_override_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TENDIGITS_PORT", "9000")
    monkeypatch.setenv("TENDIGITS_QUEUE", "7")
    monkeypatch.setenv("TENDIGITS_API_KEYS", "one, two,")
    monkeypatch.setenv("TENDIGITS_CORS_ORIGINS", "https://a.example,https://b.example")
    settings = load_settings({"port": 9001})
    assert (settings.port, settings.queue) == (9001, 7)
    assert [key.get_secret_value() for key in settings.api_keys] == ["one", "two"]
    assert settings.cors_origins == ("https://a.example", "https://b.example")


def test_repr_does_not_show_keys() -> None:
    assert "secret" not in repr(load_settings({"api_keys": ["secret"]}))


@pytest.mark.parametrize(
    ("given", "part"),
    [
        ({"port": 70_000}, "Invalid value for port: 70000: input should be less than"),
        ({"port": "many"}, "Invalid value for port: 'many'"),
        ({"queue": 0}, "Invalid value for queue: 0"),
        ({"workers": 0}, "Invalid value for workers: 0"),
        ({"time_limit": 21}, "Invalid value for time_limit: 21"),
        ({"time_limit": math.inf}, "Invalid value for time_limit: inf"),
        ({"header_timeout": 61}, "Invalid value for header_timeout: 61"),
        ({"header_timeout": math.nan}, "Invalid value for header_timeout: nan"),
        ({"log_format": "xml"}, "Invalid value for log_format: 'xml'"),
        ({"cors_origins": "example.org"}, "https://example.org"),
        ({"host": "0.0.0.0"}, "--open"),
        ({"host": "::"}, "TENDIGITS_API_KEYS"),
        ({"host": "example.org"}, "--open"),
    ],
)
def test_an_invalid_setting_is_reported_in_one_sentence(
    given: dict[str, object], part: str
) -> None:
    with pytest.raises(ServerError, match="Invalid") as raised:
        load_settings(given)
    assert part in str(raised.value)
    assert str(raised.value).endswith(".")


@pytest.mark.parametrize("keys", [[""], ["secret", " "], ["\t"]])
def test_empty_key_is_rejected_and_the_others_are_not_shown(keys: list[str]) -> None:
    with pytest.raises(ServerError, match="a key is empty") as raised:
        load_settings({"api_keys": keys, "host": "0.0.0.0"})
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize("key", ["schl\u00fcssel", "two words", "new\nline"])
def test_key_that_clients_cannot_send_is_rejected(key: str) -> None:
    with pytest.raises(ServerError, match="a key must consist of ASCII characters without spaces"):
        load_settings({"api_keys": [key]})


@pytest.mark.parametrize("keys", ["", " ", ","])
def test_variable_without_any_key_is_rejected(keys: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TENDIGITS_API_KEYS", keys)
    with pytest.raises(ServerError, match="a key is empty"):
        load_settings({"open": True})


@pytest.mark.parametrize("given", [{"open": True}, {"api_keys": ["x"]}])
def test_other_addresses_need_a_key_or_open(given: dict[str, object]) -> None:
    assert load_settings({"host": "0.0.0.0", **given}).host == "0.0.0.0"


def test_loopback_addresses_are_recognised() -> None:
    assert all(map(is_loopback, ["localhost", "127.0.0.1", "127.9.9.9", "::1"]))
    assert not any(map(is_loopback, ["0.0.0.0", "::", "10.0.0.1", "example.org", ""]))
