import numpy as np
import pytest

from tendigits.data.pages import GlyphSet, Page, draw_pages
from tendigits.data.pages.targets import BOX_UNIT, make_targets
from tendigits.images.finder import STRIDE


def page_with(boxes: list[list[float]], ignored: list[list[float]]) -> Page:
    return Page(
        picture=np.zeros((64, 96), np.uint8),
        boxes=np.array(boxes, np.float32).reshape(-1, 4),
        classes=np.arange(len(boxes)) + 3,
        text_lines=np.zeros(len(boxes), np.int64),
        ignored=np.array(ignored, np.float32).reshape(-1, 4),
        kind="row",
        contrast=1.0,
    )


def test_cell_in_the_middle_of_a_character_has_its_class_and_box() -> None:
    targets = make_targets(page_with([[10, 20, 30, 50]], []))
    row, column = 35 // STRIDE, 20 // STRIDE
    assert targets.heat.shape == (16, 24)
    assert targets.heat[row, column] == targets.heat.max() == 1
    assert targets.classes[row, column] == 3
    x, y = (column + 0.5) * STRIDE, (row + 0.5) * STRIDE
    expected = np.array([x - 10, y - 20, 30 - x, 50 - y]) / BOX_UNIT
    np.testing.assert_allclose(targets.boxes[:, row, column], expected, rtol=1e-6)


def test_far_from_characters_there_is_no_heat_and_no_class() -> None:
    targets = make_targets(page_with([[10, 20, 30, 50]], []))
    assert targets.heat[:, -1].max() < 1e-3
    assert (targets.classes[:, -1] == -1).all()


def test_heat_in_ignored_boxes_is_not_learned_except_at_characters() -> None:
    targets = make_targets(page_with([[40, 4, 60, 28]], [[0, 0, 96, 32]]))
    assert not targets.weight[0, 0]
    assert targets.weight[16 // STRIDE, 50 // STRIDE] == 1
    assert targets.weight[-1, 0] == 1


@pytest.mark.parametrize("seed", range(5))
def test_every_character_has_a_middle(glyphs: GlyphSet, seed: int) -> None:
    for page in draw_pages(glyphs, 20, np.random.default_rng(seed)):
        middles = {
            (int((top + bottom) / 2 / STRIDE), int((left + right) / 2 / STRIDE))
            for left, top, right, bottom in page.boxes
        }
        heat = make_targets(page).heat
        assert {(int(row), int(column)) for row, column in np.argwhere(heat == 1)} == middles
