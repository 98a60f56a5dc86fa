"""Checks that an error of the data modules is one sentence with the facts a user needs."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tendigits.errors import DataError


@contextmanager
def raises_data_error(*parts: object) -> Iterator[None]:
    """Expect a DataError whose message is one sentence that contains all `parts`."""
    with pytest.raises(DataError) as error:
        yield
    assert_one_sentence(str(error.value), *parts)


def assert_one_sentence(message: str, *parts: object) -> None:
    """Assert that `message` is one line, ends like a sentence and contains all `parts`."""
    assert len(message.splitlines()) == 1, message
    assert message.endswith((".", "?")), message
    for part in parts:
        assert str(part) in message, message
