"""The test of a file, of ours or of someone else's."""

from pathlib import Path

from scipy.special import log_softmax

from tendigits.datasets import load_dataset
from tendigits.evaluation.accuracy import measure
from tendigits.evaluation.evaluate import evaluate_model
from tendigits.evaluation.model_card import summarise_test
from tendigits.evaluation.recogniser import load_recogniser
from tendigits.reading.model_file import (
    describes_itself,
    load_model,
    model_bytes,
    shipped_models,
)


def evaluate_file(source: str | Path) -> str:
    """Test a model file, or an ONNX file of someone else's, and say what came out.

    Args:
        source: a path, or the name of a model that ships. A file of someone else's is tested on
            MNIST.

    Raises:
        ModelError: it cannot be used, or its data set is not the one that is here.
    """
    path = shipped_models().get(str(source), Path(source))
    if describes_itself(model_bytes(path), str(source)):
        model = load_model(source)
        return summarise_test(evaluate_model(model), model.info.classes)
    recogniser, test = load_recogniser(source), load_dataset("mnist").test
    answers = log_softmax(recogniser.logits(test.images), axis=1)
    summary = summarise_test(measure(answers, test.labels), recogniser.class_names)
    return "\n".join([*recogniser.origin.assumptions, summary])
