"""From any picture to 28x28 frames as MNIST has them, in numpy, scipy and Pillow."""

from tendigits.images.cuts import ways_to_cut
from tendigits.images.decode import PictureSource, decode
from tendigits.images.frame import make_frame
from tendigits.images.ink import Ink, find_ink
from tendigits.images.segment import Box, Shape, find_shapes

__all__ = [
    "Box",
    "Ink",
    "PictureSource",
    "Shape",
    "decode",
    "find_ink",
    "find_shapes",
    "make_frame",
    "ways_to_cut",
]
