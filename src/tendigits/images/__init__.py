"""From pictures to 28x28 images of single digits as in MNIST, in numpy, OpenCV and Pillow.

Data flows through decode (with documents and grey), finder, ink and frame.
"""

from tendigits.images.box import Box
from tendigits.images.decode import (
    Picture,
    PictureSource,
    decode,
    decode_pages,
    picture_suffixes,
)
from tendigits.images.finder import Finder, Found
from tendigits.images.frame import make_frame
from tendigits.images.ink import Ink, ink_in, is_dark_on_light, percentile, plain_ink
from tendigits.images.lone_digit import frame_of_lone_digit

__all__ = [
    "Box",
    "Finder",
    "Found",
    "Ink",
    "Picture",
    "PictureSource",
    "decode",
    "decode_pages",
    "frame_of_lone_digit",
    "ink_in",
    "is_dark_on_light",
    "make_frame",
    "percentile",
    "picture_suffixes",
    "plain_ink",
]
