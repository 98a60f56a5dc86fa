import numpy as np

from tendigits.evaluation.corruptions.edges import canny_edges

RANDOM = np.random.default_rng(0)


def test_a_filled_square_becomes_its_outline() -> None:
    square = np.zeros((1, 28, 28), np.float32)
    square[:, 8:20, 8:20] = 1
    edges = canny_edges(square, 1, RANDOM)[0]
    assert set(np.unique(edges)) == {0, 1}
    assert edges[11:17, 11:17].sum() == 0
    assert edges[:5].sum() == 0
    for side in (edges[13, :14], edges[13, 14:], edges[:14, 13], edges[14:, 13]):
        assert side.sum() == 1  # one pixel thin on every side


def test_an_even_image_has_no_edge() -> None:
    assert canny_edges(np.ones((3, 28, 28), np.float32), 3, RANDOM)[:, 4:24, 4:24].sum() == 0


def test_images_beside_each_other_do_not_mix() -> None:
    pair = RANDOM.random((2, 28, 28), np.float32)
    together = canny_edges(pair, 2, RANDOM)
    alone = np.concatenate([canny_edges(pair[:1], 2, RANDOM), canny_edges(pair[1:], 2, RANDOM)])
    assert np.array_equal(together, alone)
