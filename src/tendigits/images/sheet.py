"""A sheet on a table: what lies around the sheet is taken off the picture."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from tendigits.images.paper import Mask, enlarged, otsu, share_of_border
from tendigits.images.quadrilateral import quadrilateral_of

Colours = NDArray[np.float32]

# A sheet takes at least so much of the picture,
SMALLEST_SHEET = 0.12
# leaves at least so much of it, and of its border, to the table,
SMALLEST_TABLE = 0.02
TABLE_ON_BORDER = 0.15
# has writing on so much of it at least and at most,
WRITTEN = (0.002, 0.5)
# and differs so much from the table, of which no more than a part looks like the sheet.
DIFFERENCE = 0.15
LIKE_SHEET = 0.25
# A shadow dims all colours alike, not to less than this, and leaves the paper's grain as it is.
SHADOW_HUE = 0.1
DARKEST_SHADOW = 0.3
COARSER = 2.0
# Where more of the border than this is sheet, what is beyond may be a shadow.
ENCLOSED = 0.05
EDGE = 2  # pixels of the sketch in which sheet and table blend


def find_sheet(sketch: Colours) -> Mask | None:
    """Return where the sheet is in a picture made small; None where there is none to be seen.

    Args:
        sketch: (h, w, 3), a picture made small.
    """
    regions = []
    is_grey = np.array_equal(sketch[..., 0], sketch[..., 1])
    for plane in range(1 if is_grey else 3):
        light = sketch[..., plane] > otsu(sketch[..., plane])
        regions += [light, ~light]
    sheets = [(region, _four_cornered(region)) for region in regions]
    found = [
        sheet for region, sheet in sheets if sheet is not None and _is_sheet(sketch, sheet, region)
    ]
    return max(found, key=lambda sheet: _difference(sketch, sheet), default=None)


def without_table(pixels: Colours, sketch: Colours) -> Colours:
    """Return a picture with what is around its sheet painted over in the sheet's colours.

    Args:
        pixels: (h, w, 3), the picture.
        sketch: the same, made small.
    """
    sheet = find_sheet(sketch)
    if sheet is None:
        return pixels
    inside = ndimage.binary_erosion(sheet, iterations=EDGE, border_value=1)
    nearest = ndimage.distance_transform_edt(~inside, return_distances=False, return_indices=True)
    painted = sketch[tuple(nearest)]
    height, width = pixels.shape[:2]
    beyond = enlarged(inside.astype(np.float32), width, height) < 0.5
    result = pixels.copy()
    for plane in range(3):
        result[beyond, plane] = enlarged(painted[..., plane], width, height)[beyond]
    return result


def _four_cornered(region: Mask) -> Mask | None:
    """Return the region's largest part without holes, if it has four corners and is large."""
    labels, count = ndimage.label(region)
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    if not count or sizes.max() < SMALLEST_SHEET * (1 - WRITTEN[1]) * region.size:
        return None
    part = labels == sizes.argmax()
    if share_of_border(~part) < TABLE_ON_BORDER:
        return None
    part = ndimage.binary_fill_holes(part)
    table = ndimage.binary_erosion(~part, iterations=EDGE, border_value=1)
    if part.mean() < SMALLEST_SHEET or table.mean() < SMALLEST_TABLE:
        return None
    quadrilateral = quadrilateral_of(part)
    if quadrilateral is None:
        return None
    # Patches of the table that look like the sheet may hang on to it.
    return np.asarray(part & ndimage.binary_dilation(quadrilateral, iterations=EDGE))


def _is_sheet(sketch: Colours, sheet: Mask, region: Mask) -> bool:
    """Tell a sheet with writing on it from a drawn shape, a frame or the lit part of a page."""
    if (region & ~sheet).sum() > LIKE_SHEET * (~sheet).sum():
        return False
    if _difference(sketch, sheet) < DIFFERENCE:
        return False
    on, off = (np.median(sketch[where], axis=0) for where in (sheet, ~sheet))
    written = np.abs(sketch[sheet] - on).max(axis=1) > DIFFERENCE
    if not WRITTEN[0] <= written.mean() <= WRITTEN[1]:
        return False
    if share_of_border(sheet) < ENCLOSED:
        return True
    shares = np.minimum(on, off) / np.maximum(np.maximum(on, off), np.float32(1e-3))
    is_dimmed = np.ptp(shares) < SHADOW_HUE and shares.max() > DARKEST_SHADOW
    grain_on, grain_off = (_grain(sketch, where) for where in (sheet, ~sheet))
    return not is_dimmed or grain_off > COARSER * grain_on


def _difference(sketch: Colours, sheet: Mask) -> float:
    """Return how far the sheet's colour is from the table's where they meet, of full contrast."""
    near_on = sheet & ~ndimage.binary_erosion(sheet, iterations=2 * EDGE, border_value=1)
    near_off = ~sheet & ndimage.binary_dilation(sheet, iterations=2 * EDGE)
    on, off = (np.median(sketch[where], axis=0) for where in (near_on, near_off))
    return float(np.abs(on - off).max())


def _grain(sketch: Colours, where: Mask) -> float:
    """Return how much the brightness changes from pixel to pixel, in shares of itself."""
    grey = sketch.mean(axis=2)
    detail = np.abs(grey - ndimage.uniform_filter(grey, 3))
    inner = ndimage.binary_erosion(where)
    if not inner.any():
        return 0.0
    return float(np.median(detail[inner]) / (np.median(grey[inner]) + 1e-3))
