import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage

from tendigits.data import Dataset
from tendigits.evaluation.corruptions import (
    CORRUPTIONS,
    STRENGTHS,
    affine,
    brightness,
    canny_edges,
    corrupt,
    dotted_line,
    fog,
    glass_blur,
    impulse_noise,
    motion_blur,
    resample,
    rotate,
    scale,
    shear,
    shot_noise,
    spatter,
    stripe,
    translate,
    zigzag,
)

Images = NDArray[np.float32]

NAMES = list(CORRUPTIONS)
PAPER = np.zeros((200, 28, 28), np.float32)
GREY = np.full((200, 28, 28), 0.5, np.float32)
DOT = np.zeros((100, 28, 28), np.float32)
DOT[:, 14, 14] = 1
STROKE = np.zeros((100, 28, 28), np.float32)
STROKE[:, 4:24, 13:15] = 1
ROTATION = np.array([[0.8, -0.6], [0.6, 0.8]])
# Mean grey level of the first 20 test images at strength 3, and standard deviation of the
# thirteenth: reports are comparable as long as the corrupted images are the same.
GREY_LEVELS = {
    "shot noise": (27.96, 68.41),
    "impulse noise": (46.18, 93.16),
    "glass blur": (30.88, 66.03),
    "motion blur": (30.38, 51.94),
    "shear": (30.34, 69.66),
    "scale": (12.92, 46.27),
    "rotate": (30.39, 67.91),
    "brightness": (112.01, 53.65),
    "translate": (30.07, 72.00),
    "stripe": (57.26, 95.66),
    "fog": (72.31, 51.41),
    "spatter": (53.04, 93.98),
    "dotted line": (58.87, 102.54),
    "zigzag": (65.01, 105.73),
    "canny edges": (28.30, 77.61),
}


@pytest.fixture
def random() -> np.random.Generator:
    return np.random.default_rng(0)


@pytest.fixture
def digits(mnist: Dataset) -> Images:
    """A hundred digits, from 0 for paper to 1 for full ink."""
    return (mnist.test.images[:100] / 255).astype(np.float32)


@pytest.mark.parametrize("name", NAMES)
def test_corrupted_images_are_those_of_earlier_reports(mnist: Dataset, name: str) -> None:
    corrupted = corrupt(mnist.test.images[:20], name, 3)
    # Rounding may differ between processors, by one grey level in a few pixels.
    found = (corrupted.mean(), corrupted[12].std())
    assert found == pytest.approx(GREY_LEVELS[name], abs=0.02)


@pytest.mark.parametrize("name", NAMES)
def test_corruption_returns_other_images_and_modifies_none(mnist: Dataset, name: str) -> None:
    images = mnist.test.images[:20].copy()
    corrupted = corrupt(images, name, 1)
    assert corrupted.shape == images.shape
    assert corrupted.dtype == np.uint8
    assert np.array_equal(images, mnist.test.images[:20])
    assert not np.array_equal(corrupted, images)


def test_seed_determines_the_corrupted_images(mnist: Dataset) -> None:
    images = mnist.test.images[:20]
    one, again, other = (corrupt(images, "spatter", 2, seed=seed) for seed in (7, 7, 8))
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)


@pytest.mark.parametrize("name", sorted(set(NAMES) - {"canny edges"}))
def test_higher_strength_changes_images_more(mnist: Dataset, name: str) -> None:
    images = mnist.test.images[:300]
    changes = [
        np.abs(corrupt(images, name, strength).astype(float) - images).mean()
        for strength in STRENGTHS
    ]
    assert changes == sorted(changes)
    assert changes[-1] > 1.5 * changes[0]


def test_shot_noise_is_poisson_noise(random: np.random.Generator) -> None:
    noisy = shot_noise(GREY, 3, random)
    assert noisy.mean() == pytest.approx(0.5, abs=0.01)
    assert noisy.var() == pytest.approx(0.5 / 12, rel=0.05)  # the mean over the quanta
    assert shot_noise(PAPER, 5, random).max() == 0


def test_impulse_noise_sets_as_many_pixels_to_ink_as_to_paper(random: np.random.Generator) -> None:
    noisy = impulse_noise(GREY, 2, random)
    assert set(np.unique(noisy)) == {0, 0.5, 1}
    assert (noisy == 0).mean() == pytest.approx(0.05, abs=0.005)
    assert (noisy == 1).mean() == pytest.approx(0.05, abs=0.005)


def test_glass_blur_moves_ink_by_one_pixel_per_pass(
    digits: Images, random: np.random.Generator
) -> None:
    assert glass_blur(digits, 5, random).sum() == pytest.approx(digits.sum(), rel=0.05)
    assert glass_blur(DOT, 5, random)[:, :8].max() < 1e-3  # three passes, then a narrow blur


@pytest.mark.parametrize(("strength", "length"), [(1, 3), (3, 5), (5, 8)])
def test_motion_blur_turns_a_dot_into_a_line_in_one_of_16_directions(
    strength: int, length: int, random: np.random.Generator
) -> None:
    blurred = motion_blur(DOT, strength, random)
    assert blurred.sum(axis=(1, 2)) == pytest.approx(np.ones(100), abs=1e-4)
    rows, columns = np.nonzero(blurred[0] > 0.01)
    assert np.hypot(np.ptp(rows), np.ptp(columns)) == pytest.approx(length, abs=2)
    assert len(np.unique(blurred.round(4).reshape(100, -1), axis=0)) == 16


@pytest.mark.parametrize("strength", [1, 5])
def test_sheared_stroke_keeps_the_ink_of_its_rows_and_slants_either_way(
    strength: int, random: np.random.Generator
) -> None:
    sheared = shear(STROKE, strength, random)
    np.testing.assert_allclose(sheared.sum(axis=(0, 2)), STROKE.sum(axis=(0, 2)), rtol=1e-3)
    assert {centre(each[:14])[1] > 13.5 for each in sheared} == {True, False}


def test_scaled_digits_lose_ink_by_the_square_of_the_factor(
    digits: Images, random: np.random.Generator
) -> None:
    assert scale(digits, 2, random).sum() == pytest.approx(0.75**2 * digits.sum(), rel=0.02)


def test_rotated_stroke_has_the_slope_of_its_angle(random: np.random.Generator) -> None:
    for rotated in rotate(STROKE, 3, random):
        rows, columns = np.nonzero(rotated > 0.5)
        slope = np.polyfit(rows, columns, 1)[0]
        assert abs(slope) == pytest.approx(np.tan(np.deg2rad(30)), abs=0.06)


def test_translated_digits_keep_their_ink_and_move_in_four_directions(
    digits: Images, random: np.random.Generator
) -> None:
    moved = translate(digits, 2, random)
    assert moved.sum() == pytest.approx(digits.sum(), rel=0.01)
    shifts = {
        tuple(np.round(centre(after) - centre(before)).astype(int))
        for after, before in zip(moved, digits, strict=True)
    }
    assert shifts == {(2, 2), (2, -2), (-2, 2), (-2, -2)}


def test_brightness_adds_the_same_everywhere(random: np.random.Generator) -> None:
    assert np.unique(brightness(PAPER, 2, random)).tolist() == [0.25]


def test_stripe_inverts_the_middle_columns_only(
    digits: Images, random: np.random.Generator
) -> None:
    striped = stripe(digits, 3, random)
    np.testing.assert_array_equal(striped[:, :, 11:17], 1 - digits[:, :, 11:17])
    np.testing.assert_array_equal(striped[:, :, :11], digits[:, :, :11])
    np.testing.assert_array_equal(striped[:, :, 17:], digits[:, :, 17:])


def test_fog_is_smooth_and_differs_between_images(random: np.random.Generator) -> None:
    fogged = fog(PAPER, 3, random)
    assert fogged.min() >= 0
    assert fogged.max() <= 1
    assert np.abs(np.diff(fogged, axis=1)).mean() < 0.1 * np.ptp(fogged)
    assert fogged.std(axis=0).mean() > 0.05


def test_spatter_covers_the_given_fraction(random: np.random.Generator) -> None:
    assert (spatter(PAPER, 3, random) > 0).mean() == pytest.approx(0.12, abs=0.01)


def test_dotted_line_has_gaps_and_zigzag_has_none(random: np.random.Generator) -> None:
    assert np.median(pieces(dotted_line(PAPER, 1, random))) > 3
    assert np.median(pieces(zigzag(PAPER, 1, random))) <= 2


def test_lines_are_as_many_as_the_strength(random: np.random.Generator) -> None:
    for draw in (dotted_line, zigzag):
        one, three = draw(PAPER, 1, random).mean(), draw(PAPER, 3, random).mean()
        assert 2 * one < three < 3.2 * one


def test_spatter_and_lines_only_add_ink(random: np.random.Generator) -> None:
    for draw in (spatter, dotted_line, zigzag):
        assert draw(GREY, 5, random).min() == 0.5


def test_edges_of_a_filled_square_are_its_outline_one_pixel_wide(
    random: np.random.Generator,
) -> None:
    square = np.zeros((1, 28, 28), np.float32)
    square[:, 8:20, 8:20] = 1
    edges = canny_edges(square, 1, random)[0]
    assert set(np.unique(edges)) == {0, 1}
    assert edges[11:17, 11:17].sum() == 0
    assert edges[:5].sum() == 0
    for side in (edges[13, :14], edges[13, 14:], edges[:14, 13], edges[14:, 13]):
        assert side.sum() == 1


def test_uniform_image_has_no_edges(random: np.random.Generator) -> None:
    assert canny_edges(np.ones((3, 28, 28), np.float32), 3, random)[:, 4:24, 4:24].sum() == 0


def test_edges_of_an_image_do_not_depend_on_the_others(random: np.random.Generator) -> None:
    pair = random.random((2, 28, 28), np.float32)
    together = canny_edges(pair, 2, random)
    alone = np.concatenate([canny_edges(pair[:1], 2, random), canny_edges(pair[1:], 2, random)])
    assert np.array_equal(together, alone)


def test_affine_map_equals_scipys_inside_the_image(
    digits: Images, random: np.random.Generator
) -> None:
    ours = resample(digits[:10], [affine(ROTATION, (1.5, -2))], random)
    offset = np.full(2, 13.5) - ROTATION @ np.full(2, 13.5) + (1.5, -2)
    theirs = [ndimage.affine_transform(each, ROTATION, offset, order=1) for each in digits[:10]]
    inside = slice(4, 24)  # at the rim scipy has no partial pixels
    np.testing.assert_allclose(
        ours[:, inside, inside], np.array(theirs)[:, inside, inside], atol=1e-4
    )


def test_identity_map_changes_nothing(digits: Images, random: np.random.Generator) -> None:
    np.testing.assert_array_equal(resample(digits, [affine(np.eye(2))], random), digits)


def test_each_map_is_drawn(digits: Images, random: np.random.Generator) -> None:
    images = np.repeat(digits[:1], 200, axis=0)
    maps = [affine(np.eye(2), (shift, 0)) for shift in (-3, 0, 3)]
    found = resample(images, maps, random)
    assert len(np.unique(found.reshape(200, -1), axis=0)) == 3


def centre(image: Images) -> NDArray[np.float64]:
    """Return the (row, column) of the centre of mass."""
    return np.array(ndimage.center_of_mass(image))


def pieces(images: Images) -> list[int]:
    """Return the number of connected pieces of ink in each image, diagonals included."""
    return [ndimage.label(image > 0, np.ones((3, 3)))[1] for image in images]
