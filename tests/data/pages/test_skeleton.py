import numpy as np

from tendigits.data.pages.skeleton import thin, trace


def test_skeleton_of_a_bar_is_a_line_in_its_middle() -> None:
    mask = np.zeros((30, 40), bool)
    mask[10:17, 5:35] = True
    rows, columns = np.nonzero(thin(mask))
    assert np.abs(rows[3:-3] - 13).max() <= 1
    assert np.ptp(columns) > 20
    assert len(rows) < 40


def test_skeleton_of_a_ring_stays_closed() -> None:
    rows, columns = np.indices((40, 40)) - 20
    distance = np.hypot(rows, columns)
    points, edges = trace(thin((distance > 9) & (distance < 15)))
    assert (np.bincount(edges.ravel(), minlength=len(points)) == 2).all()
    np.testing.assert_allclose(np.hypot(*(points - 20).T), 12, atol=1.5)


def test_a_dot_is_a_line_from_a_point_to_itself() -> None:
    mask = np.zeros((5, 5), bool)
    mask[2, 3] = True
    points, edges = trace(mask)
    np.testing.assert_array_equal(points, [[3, 2]])
    np.testing.assert_array_equal(edges, [[0, 0]])
