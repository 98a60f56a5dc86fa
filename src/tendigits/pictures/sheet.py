"""A sheet on a table: what lies around the sheet is taken off the picture."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from tendigits.pictures.paper import Mask, enlarged, otsu, share_of_border

Colours = NDArray[np.float32]

# A sheet takes at least so much of the picture,
SMALLEST_SHEET = 0.12
# leaves at least so much of it to the table,
SMALLEST_TABLE = 0.02
# shares so much of its area with a figure of four corners,
FOUR_CORNERED = 0.86
# has writing on so much of it at least and at most,
WRITTEN = (0.002, 0.5)
# and differs so much from the table, of which no more than a part looks like the sheet.
DIFFERENCE = 0.15
LIKE_SHEET = 0.25
# A shadow dims all colours alike, and not to less than this.
SHADOW_HUE = 0.1
DARKEST_SHADOW = 0.3
# Where more of the border than this is sheet, what is beyond may be a shadow.
ENCLOSED = 0.05
EDGE = 2  # pixels of the sketch in which sheet and table blend


def find_sheet(sketch: Colours) -> Mask | None:
    """Return where the sheet is in a picture made small; None where there is none to be seen.

    Args:
        sketch: (h, w, 3), a picture made small.
    """
    for plane in range(3):
        grey = sketch[..., plane]
        light = grey > otsu(grey)
        for region in (light, ~light):
            sheet = _four_cornered(region)
            if sheet is not None and _is_sheet(sketch, sheet, region):
                return sheet
    return None


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
    if not count:
        return None
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    part: Mask = ndimage.binary_fill_holes(labels == sizes.argmax())
    table = ndimage.binary_erosion(~part, iterations=EDGE, border_value=1)
    if part.mean() < SMALLEST_SHEET or table.mean() < SMALLEST_TABLE:
        return None
    quadrilateral = _inside(_corners(part), part.shape)
    shared = (part & quadrilateral).sum() / (part | quadrilateral).sum()
    return part if shared >= FOUR_CORNERED else None


def _is_sheet(sketch: Colours, sheet: Mask, region: Mask) -> bool:
    """Tell a sheet with writing on it from a drawn shape, a frame or the lit part of a page."""
    if not WRITTEN[0] <= (sheet & ~region).sum() / sheet.sum() <= WRITTEN[1]:
        return False
    if (region & ~sheet).sum() > LIKE_SHEET * (~sheet).sum():
        return False
    on, off = (np.median(sketch[where], axis=0) for where in (sheet & region, ~sheet & ~region))
    if np.abs(on - off).max() < DIFFERENCE:
        return False
    shares = np.minimum(on, off) / np.maximum(np.maximum(on, off), np.float32(1e-3))
    is_shadow = np.ptp(shares) < SHADOW_HUE and shares.max() > DARKEST_SHADOW
    return share_of_border(sheet) < ENCLOSED or not bool(is_shadow)


def _corners(part: Mask) -> NDArray[np.intp]:
    """Return the four corners (4, 2) of a figure that has four, going round.

    Two are the points farthest from each other, the others those farthest from their line.
    """
    points = np.argwhere(part & ~ndimage.binary_erosion(part))
    middle = points.mean(axis=0)
    first = points[np.hypot(*(points - middle).T).argmax()]
    opposite = points[np.hypot(*(points - first).T).argmax()]
    first = points[np.hypot(*(points - opposite).T).argmax()]
    (y, x), (dy, dx) = (points - first).T, opposite - first
    beside = dx * y - dy * x
    return np.array([first, points[beside.argmax()], opposite, points[beside.argmin()]])


def _inside(corners: NDArray[np.intp], shape: tuple[int, ...]) -> Mask:
    """Return the mask of the figure with these corners, which go round clockwise or not."""
    rows, columns = np.indices(shape)
    sides = []
    for (y, x), (to_y, to_x) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        sides.append((to_x - x) * (rows - y) - (to_y - y) * (columns - x))
    signs = np.array(sides)
    return np.asarray((signs >= 0).all(axis=0) | (signs <= 0).all(axis=0))
