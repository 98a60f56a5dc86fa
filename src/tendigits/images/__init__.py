"""From pictures to 28x28 images of single digits as in MNIST.

Data flows through decode, ink (with paper and sheet), shapes (with printed_lines) and frame.
"""

from tendigits.images.box import Box
from tendigits.images.decode import PictureSource, decode, decode_pages
from tendigits.images.frame import make_frame
from tendigits.images.ink import Ink, find_ink
from tendigits.images.shapes import Shape, find_cuts, find_shapes

__all__ = [
    "Box",
    "Ink",
    "PictureSource",
    "Shape",
    "decode",
    "decode_pages",
    "find_cuts",
    "find_ink",
    "find_shapes",
    "make_frame",
]
