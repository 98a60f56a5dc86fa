"""The test of a file, of ours or of someone else's."""

from pathlib import Path

from scipy.special import log_softmax

from tendigits.classifiers.model_file import (
    is_model_file,
    load_model_file,
    read_model,
    shipped_models,
)
from tendigits.data import load_dataset
from tendigits.evaluation.accuracy import measure
from tendigits.evaluation.evaluate import evaluate_model, summarise_test
from tendigits.loading import load_classifier


def evaluate_file(source: str | Path) -> str:
    """Test a model file, or an ONNX file of someone else's, and say what came out.

    Args:
        source: a path, or the name of a model that ships. A file of someone else's is tested on
            MNIST.

    Raises:
        ModelError: it cannot be used, or its data set is not the one that is here.
    """
    path = shipped_models().get(str(source), Path(source))
    if is_model_file(read_model(path), str(source)):
        model = load_model_file(source)
        return summarise_test(evaluate_model(model), model.class_names)
    classifier, test = load_classifier(source), load_dataset("mnist").test
    answers = log_softmax(classifier.logits(test.images), axis=1)
    summary = summarise_test(measure(answers, test.labels), classifier.class_names)
    return "\n".join([*classifier.origin.assumptions, summary])
