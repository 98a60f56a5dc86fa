import numpy as np
import pytest

from tendigits.data import NON_DIGIT, Corrections
from tendigits.errors import DataError
from tendigits.feedback.corrections import corrections_from_npz


def some(count: int) -> Corrections:
    frames = np.arange(count, dtype=np.uint8)[:, None, None] * np.ones((28, 28), np.uint8)
    return Corrections(frames, np.arange(count) % 11)


@pytest.mark.parametrize(("count", "held_out"), [(0, 0), (1, 0), (2, 1), (4, 1), (5, 1), (23, 4)])
def test_one_in_five_is_held_out_and_none_is_lost(count: int, held_out: int) -> None:
    corrections = some(count)
    assert len(corrections.held_out) == held_out
    levels = [*corrections.learnt.frames[:, 0, 0], *corrections.held_out.frames[:, 0, 0]]
    assert sorted(levels) == list(range(count))


def test_more_corrections_leave_the_earlier_where_they_were() -> None:
    assert set(some(12).held_out.frames[:, 0, 0]) <= set(some(30).held_out.frames[:, 0, 0])


def test_digits_and_others_are_told_apart() -> None:
    corrections = some(22)
    assert NON_DIGIT not in corrections.digits.labels
    assert corrections.others.labels.tolist() == [NON_DIGIT] * 2


def test_a_file_gives_them_back_and_the_same_ones_the_same_file() -> None:
    content = some(7).to_npz()
    back = corrections_from_npz(content, "corrections.npz")
    assert np.array_equal(back.frames, some(7).frames)
    assert np.array_equal(back.labels, some(7).labels)
    assert back.to_npz() == content


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"PK\x03\x04 cut",
        some(3).to_npz()[:-30],
        Corrections(some(3).frames, np.array([1, 2])).to_npz(),
        Corrections(some(2).frames, np.array([1, 11])).to_npz(),
        Corrections(some(2).frames.astype(np.float32), np.array([1, 2])).to_npz(),
    ],
)
def test_what_is_no_such_file_is_rejected(content: bytes) -> None:
    with pytest.raises(DataError, match=r"corrections\.npz"):
        corrections_from_npz(content, "corrections.npz")
