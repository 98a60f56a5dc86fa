"""Reading the digits in pictures with a classifier, without torch."""

from tendigits.reading.numbers import Number
from tendigits.reading.reader import ReadDigit, Reader, Reading, SecondChoice, read

__all__ = ["Number", "ReadDigit", "Reader", "Reading", "SecondChoice", "read"]
