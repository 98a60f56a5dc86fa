"""A sheet of paper on a desk: the desk is painted over in the colours of the sheet."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from tendigits.images.paper import Mask, border_fraction, otsu, upsampled

Colours = NDArray[np.float32]

# Fractions of the picture: the smallest sheet, and the smallest desk inside the picture and on
# its border.
SMALLEST_SHEET = 0.12
SMALLEST_DESK = 0.02
DESK_ON_BORDER = 0.15
# The fraction of a sheet that is written on, at least and at most.
WRITTEN = (0.002, 0.5)
# The smallest difference in colour between sheet and desk, and the largest fraction of the desk
# that may have the brightness of the sheet.
DIFFERENCE = 0.15
LIKE_SHEET = 0.25
# A shadow dims all colours by about the same factor, not below DARKEST_SHADOW, and does not change
# the grain of the paper; the grain of a desk is coarser by a factor of more than COARSER.
SHADOW_HUE = 0.1
DARKEST_SHADOW = 0.3
COARSER = 2.0
# If the sheet covers more of the picture's border than this, the rest may be a shadow.
ENCLOSED = 0.05
EDGE = 2  # pixels of the small picture in which sheet and desk blend
# A region has four corners if its intersection over union with a quadrilateral is at least this.
FOUR_CORNERED = 0.86


def find_sheet(sketch: Colours) -> Mask | None:
    """Return the mask (h, w) of the sheet in a picture; None if there is no sheet on a desk.

    Args:
        sketch: (h, w, 3), the downsampled picture.
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


def without_desk(pixels: Colours, sketch: Colours) -> Colours:
    """Return a picture with the desk painted over in the colours of the nearest part of the sheet.

    Args:
        pixels: (h, w, 3), the picture.
        sketch: the same picture, downsampled.
    """
    sheet = find_sheet(sketch)
    if sheet is None:
        return pixels
    inside = ndimage.binary_erosion(sheet, iterations=EDGE, border_value=1)
    nearest = ndimage.distance_transform_edt(~inside, return_distances=False, return_indices=True)
    painted = sketch[tuple(nearest)]
    height, width = pixels.shape[:2]
    beyond = upsampled(inside.astype(np.float32), width, height) < 0.5
    result = pixels.copy()
    for plane in range(3):
        result[beyond, plane] = upsampled(painted[..., plane], width, height)[beyond]
    return result


def _four_cornered(region: Mask) -> Mask | None:
    """Return the largest part of a region without holes, if it is large and has four corners."""
    labels, count = ndimage.label(region)
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    if not count or sizes.max() < SMALLEST_SHEET * (1 - WRITTEN[1]) * region.size:
        return None
    part = labels == sizes.argmax()
    if border_fraction(~part) < DESK_ON_BORDER:
        return None
    part = ndimage.binary_fill_holes(part)
    desk = ndimage.binary_erosion(~part, iterations=EDGE, border_value=1)
    if part.mean() < SMALLEST_SHEET or desk.mean() < SMALLEST_DESK:
        return None
    quadrilateral = quadrilateral_of(part)
    if quadrilateral is None:
        return None
    # Parts of the desk that look like the sheet may be connected to it.
    return np.asarray(part & ndimage.binary_dilation(quadrilateral, iterations=EDGE))


def _is_sheet(sketch: Colours, sheet: Mask, region: Mask) -> bool:
    """Return whether this is a sheet with writing, not a drawn shape, a frame or a lit area."""
    if (region & ~sheet).sum() > LIKE_SHEET * (~sheet).sum():
        return False
    if _difference(sketch, sheet) < DIFFERENCE:
        return False
    on, off = (np.median(sketch[where], axis=0) for where in (sheet, ~sheet))
    written = np.abs(sketch[sheet] - on).max(axis=1) > DIFFERENCE
    if not WRITTEN[0] <= written.mean() <= WRITTEN[1]:
        return False
    if border_fraction(sheet) < ENCLOSED:
        return True
    ratios = np.minimum(on, off) / np.maximum(np.maximum(on, off), np.float32(1e-3))
    is_dimmed = np.ptp(ratios) < SHADOW_HUE and ratios.max() > DARKEST_SHADOW
    grain_on, grain_off = (_grain(sketch, where) for where in (sheet, ~sheet))
    return not is_dimmed or grain_off > COARSER * grain_on


def _difference(sketch: Colours, sheet: Mask) -> float:
    """Return the difference in colour between sheet and desk along their edge, from 0 to 1."""
    near_on = sheet & ~ndimage.binary_erosion(sheet, iterations=2 * EDGE, border_value=1)
    near_off = ~sheet & ndimage.binary_dilation(sheet, iterations=2 * EDGE)
    on, off = (np.median(sketch[where], axis=0) for where in (near_on, near_off))
    return float(np.abs(on - off).max())


def _grain(sketch: Colours, where: Mask) -> float:
    """Return the median change of brightness between pixels, relative to the brightness."""
    grey = sketch.mean(axis=2)
    detail = np.abs(grey - ndimage.uniform_filter(grey, 3))
    inner = ndimage.binary_erosion(where)
    if not inner.any():
        return 0.0
    return float(np.median(detail[inner]) / (np.median(grey[inner]) + 1e-3))


def quadrilateral_of(region: Mask) -> Mask | None:
    """Return the mask of the quadrilateral that fits a region; None if it does not have 4 corners.

    Args:
        region: (h, w), the mask of one connected region without holes.
    """
    quadrilateral = _inside(_corners(region), region.shape)
    overlap = (region & quadrilateral).sum() / (region | quadrilateral).sum()
    return quadrilateral if overlap >= FOUR_CORNERED else None


def _corners(region: Mask) -> NDArray[np.intp]:
    """Return the four corners (4, 2) of a quadrilateral, in order around it.

    Two of them are the points with the largest distance, the others are the points with the
    largest distance from the line between these two, one on each side.
    """
    points = np.argwhere(region & ~ndimage.binary_erosion(region))
    first = points[np.hypot(*(points - points.mean(axis=0)).T).argmax()]
    opposite = points[np.hypot(*(points - first).T).argmax()]
    first = points[np.hypot(*(points - opposite).T).argmax()]
    (y, x), (dy, dx) = (points - first).T, opposite - first
    beside = dx * y - dy * x
    return np.array([first, points[beside.argmax()], opposite, points[beside.argmin()]])


def _inside(corners: NDArray[np.intp], shape: tuple[int, ...]) -> Mask:
    """Return the mask of the quadrilateral with these corners, clockwise or counterclockwise."""
    rows, columns = np.indices(shape)
    sides = [
        (to_x - x) * (rows - y) - (to_y - y) * (columns - x)
        for (y, x), (to_y, to_x) in zip(corners, np.roll(corners, -1, axis=0), strict=True)
    ]
    signs = np.array(sides)
    return np.asarray((signs >= 0).all(axis=0) | (signs <= 0).all(axis=0))
