"""Reading the digits in pictures with a classifier, without torch."""

from tendigits.reading.reader import ReadDigit, Reader, Reading, SecondChoice, read

__all__ = ["ReadDigit", "Reader", "Reading", "SecondChoice", "read"]
