"""What is measured: a run, a model file, an ONNX file of someone else's."""

from tendigits.evaluation.recogniser.loading import load_recogniser
from tendigits.evaluation.recogniser.recogniser import Network, Origin, Recogniser
from tendigits.evaluation.recogniser.torch_logits import in_batches

__all__ = ["Network", "Origin", "Recogniser", "in_batches", "load_recogniser"]
