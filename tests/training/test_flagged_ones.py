import numpy as np

from tendigits.training.flagged_ones import draw_flagged_ones


def test_the_seed_fixes_the_frames_and_all_differ() -> None:
    first, again, other = (draw_flagged_ones(30, seed) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert len({frame.tobytes() for frame in first}) == 30


def test_none_can_be_wanted() -> None:
    assert draw_flagged_ones(0, 0).shape == (0, 28, 28)


def test_the_flag_falls_to_the_left_from_the_top_of_the_stem() -> None:
    for frame in draw_flagged_ones(100, 0):
        columns = np.array([np.flatnonzero(row > 60).mean() for row in frame if (row > 60).any()])
        leftmost = np.array([np.flatnonzero(row > 60)[0] for row in frame if (row > 60).any()])
        upper = leftmost[: len(leftmost) * 2 // 3]
        assert upper.argmin() > 1  # a seven's bar begins in the topmost rows
        assert columns[0] > leftmost[upper.argmin()]
