"""From pictures to 28x28 images of single digits as in MNIST, in numpy, scipy and Pillow.

Data flows through decode, ink (with paper and sheet), shapes (with printed_lines) and frame.
"""

from tendigits.images.decode import PictureSource, decode
from tendigits.images.frame import make_frame
from tendigits.images.ink import Ink, find_ink
from tendigits.images.shapes import Box, Shape, find_cuts, find_shapes

__all__ = [
    "Box",
    "Ink",
    "PictureSource",
    "Shape",
    "decode",
    "find_cuts",
    "find_ink",
    "find_shapes",
    "make_frame",
]
