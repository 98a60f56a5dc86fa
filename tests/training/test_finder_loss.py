import numpy as np
import pytest
import torch
from torch import Tensor

from tendigits.data.pages import Page
from tendigits.training.finder_loss import finder_loss
from tendigits.training.finder_pages import PageBatch, to_batch


@pytest.fixture
def batch() -> PageBatch:
    page = Page(
        picture=np.zeros((64, 96), np.uint8),
        boxes=np.array([[10, 20, 30, 50], [50, 10, 70, 40]], np.float32),
        classes=np.array([3, 5]),
        text_lines=np.zeros(2, np.int64),
        ignored=np.zeros((0, 4), np.float32),
        kind="row",
        contrast=1.0,
    )
    return to_batch([page])


def maps_of(batch: PageBatch) -> Tensor:
    """Return the maps of a perfect finder."""
    presence = torch.where(batch.heat >= 0.999, 20.0, -20.0)[:, None]
    logits = 30 * torch.nn.functional.one_hot(batch.classes.clamp(min=0), 15).movedim(3, 1)
    return torch.cat([presence, logits.float(), batch.boxes], 1)


def test_perfect_maps_have_no_loss(batch: PageBatch) -> None:
    loss = finder_loss(maps_of(batch), batch)
    assert loss.total.item() == pytest.approx(0, abs=1e-4)
    assert (loss.correct.item(), loss.characters.item()) == (2, 2)


@pytest.mark.parametrize(("channel", "worse"), [(0, "presence"), (4, "classes"), (17, "boxes")])
def test_wrong_values_raise_the_loss_of_their_maps_alone(
    batch: PageBatch, channel: int, worse: str
) -> None:
    maps = maps_of(batch)
    maps[:, channel] = maps[:, channel].flip(2) + 1
    loss = finder_loss(maps, batch)
    for name in ("presence", "classes", "boxes"):
        assert (getattr(loss, name).item() > 0.01) == (name == worse)


def test_wrong_class_is_counted(batch: PageBatch) -> None:
    maps = maps_of(batch)
    maps[:, 1 + 3] = -50
    loss = finder_loss(maps, batch)
    assert (loss.correct.item(), loss.characters.item()) == (1, 2)


def test_page_without_characters_has_a_finite_loss(batch: PageBatch) -> None:
    empty = batch._replace(heat=0 * batch.heat, classes=0 * batch.classes - 1)
    loss = finder_loss(torch.zeros(1, 20, 16, 24), empty)
    assert torch.isfinite(loss.total)
    assert loss.characters.item() == 0
