from pathlib import Path

import numpy as np
import pytest

from drawn import colours
from tendigits.evaluation.confidence import measure_confidence
from tendigits.evaluation.confidence.draw_confidence import draw_reliability, draw_selective


@pytest.mark.parametrize("temperature", [None, 2.0])
def test_confidence_is_drawn(tmp_path: Path, temperature: float | None) -> None:
    logits = np.random.default_rng(0).normal(0, 3, (300, 10)).astype(np.float32)
    confidence = measure_confidence(logits, logits.argmax(axis=1), temperature)
    draw_reliability(confidence, tmp_path / "reliability.png")
    draw_selective(confidence.selective, tmp_path / "selective.png")
    assert colours(tmp_path / "reliability.png") > 10
    assert colours(tmp_path / "selective.png") > 10
