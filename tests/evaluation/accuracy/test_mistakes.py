import numpy as np
import pytest

from tendigits.evaluation.accuracy import find_mistakes


def test_the_worst_mistake_comes_first_and_right_answers_never() -> None:
    of_truth = np.array([0.9, 0.3, 0.01, 0.6, 0.2], np.float32)
    answers = np.log(np.stack([of_truth, 1 - of_truth], axis=1))
    mistakes = find_mistakes(answers, np.zeros(5, np.int64))
    assert [each.index for each in mistakes] == [2, 4, 1]
    assert (mistakes[0].truth, mistakes[0].answer) == (0, 1)
    assert mistakes[0].probability == pytest.approx(0.99)
    assert mistakes[0].of_truth == pytest.approx(0.01)
