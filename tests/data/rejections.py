"""What every rejection of the data side has in common."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tendigits.errors import DataError


@contextmanager
def rejected(*mentions: object) -> Iterator[None]:
    """Expect a DataError of one line, closed like a sentence, that holds all `mentions`."""
    with pytest.raises(DataError) as rejection:
        yield
    check_sentence(str(rejection.value), *mentions)


def check_sentence(sentence: str, *mentions: object) -> None:
    """Check that `sentence` is one line, closed like a sentence, and holds all `mentions`."""
    assert len(sentence.splitlines()) == 1, sentence
    assert sentence.endswith((".", "?")), sentence
    for mention in mentions:
        assert str(mention) in sentence, sentence
