"""Reading pictures with a model file: numpy and ONNX Runtime, no torch."""

from tendigits.reading.reader import Guess, ReadDigit, Reader, Reading, read

__all__ = ["Guess", "ReadDigit", "Reader", "Reading", "read"]
