"""Frames that show no digit, all made here: glyphs, doodles, blots, textures, digits gone wrong."""

from tendigits.data.synthetic.draw import KINDS, draw_ood_images

__all__ = ["KINDS", "draw_ood_images"]
