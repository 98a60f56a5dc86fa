"""A model file's seal: its checksum, as the last of what the file says of itself."""

import hashlib

_KEY = b"tendigits.sha256"
_DIGITS = 64
# An entry of ONNX's metadata_props (field 14), as protocol buffers write it at a file's end.
_ENTRY = bytes([0x0A, len(_KEY)]) + _KEY + bytes([0x12, _DIGITS])
_START = bytes([14 << 3 | 2, len(_ENTRY) + _DIGITS]) + _ENTRY


def seal(content: bytes) -> bytes:
    """Return an ONNX file's content with its SHA-256 as a further entry of its metadata."""
    return content + _START + hashlib.sha256(content).hexdigest().encode()


def is_whole(content: bytes) -> bool:
    """Tell whether a file was sealed, and is as it was then."""
    return content == seal(content[: -len(_START) - _DIGITS])
