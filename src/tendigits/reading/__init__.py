"""Reading the digits in pictures with a classifier, without torch."""

from tendigits.reading.numbers import Number
from tendigits.reading.reader import Reader, read
from tendigits.reading.results import ReadDigit, Reading, SecondChoice

__all__ = ["Number", "ReadDigit", "Reader", "Reading", "SecondChoice", "read"]
