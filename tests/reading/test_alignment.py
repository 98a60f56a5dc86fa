import numpy as np

from tendigits.reading.alignment import align, bands

# Left, top, right, bottom.
BOXES = np.array(
    [
        [0, 0, 20, 40],
        [100, 2, 120, 42],
        [200, 0, 220, 40],
        [0, 100, 20, 140],
        [105, 98, 125, 138],
    ],
    float,
)


def test_boxes_beside_each_other_are_a_line() -> None:
    assert align(BOXES, range(5), overlap=0.4).lines == [[0, 1, 2], [3, 4]]


def test_with_x_and_y_exchanged_boxes_below_each_other_are_a_column() -> None:
    transposed = BOXES[:, [1, 0, 3, 2]]
    assert align(transposed, range(5), overlap=0.4).lines == [[0, 3], [1, 4], [2]]


def test_every_box_is_in_one_line_even_if_only_one_is_likely() -> None:
    random = np.random.default_rng(0)
    corners = random.uniform(0, 1000, (60, 2))
    boxes = np.hstack([corners, corners + np.exp(random.uniform(0, 6, (60, 2)))])
    lines = align(boxes, {7}, overlap=0.4).lines
    assert sorted(index for line in lines for index in line) == list(range(60))


def test_unlikely_boxes_do_not_join_two_lines() -> None:
    between = np.array([[50, 45, 70, 95]], float)
    lines = align(np.vstack([BOXES, between]), range(5), overlap=0.4).lines
    assert [[index for index in line if index < 5] for line in lines if line != [5]] == [
        [0, 1, 2],
        [3, 4],
    ]


def test_band_of_a_line_is_that_of_its_nearest_boxes() -> None:
    line = np.array([[x, x / 10, x + 20, 40 + x / 10] for x in range(0, 1000, 50)], float)
    tops, bottoms = bands(line, np.array([60.0, 860.0]))
    np.testing.assert_allclose(tops, [5, 85])
    np.testing.assert_allclose(bottoms, [45, 125])
