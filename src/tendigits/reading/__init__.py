"""Reading the digits in pictures with a classifier, without torch."""

from tendigits.reading.reader import Guess, ReadDigit, Reader, Reading, read

__all__ = ["Guess", "ReadDigit", "Reader", "Reading", "read"]
