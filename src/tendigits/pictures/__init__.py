"""From any picture to 28x28 frames as MNIST has them, in numpy, scipy and Pillow."""

from tendigits.pictures.cuts import ways_to_cut
from tendigits.pictures.decode import PictureSource, decode
from tendigits.pictures.frame import make_frame
from tendigits.pictures.ink import Ink, find_ink
from tendigits.pictures.segment import Box, Shape, find_shapes

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
