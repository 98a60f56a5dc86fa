"""Frames that are drawn, not collected: out-of-distribution images and rare forms of digits."""

from tendigits.data.synthetic.digits import draw_synthetic_digits
from tendigits.data.synthetic.ood_images import OOD_KINDS, draw_ood_images, frame_ink

__all__ = ["OOD_KINDS", "draw_ood_images", "draw_synthetic_digits", "frame_ink"]
