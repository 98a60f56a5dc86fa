"""The finder: a network that finds digits and marks in a grey picture, and what follows it.

The network's graph takes a picture of any size and gives, for each cell of 4x4 pixels, the score
of a character whose middle is there, the probabilities of its classes, and its box. A first, small
picture shows how large the characters are; in a second one they have the size that the network
reads best. The scores and classes of the last two pictures are averaged.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
import onnxruntime
from numpy.typing import NDArray

from tendigits.images.ink import percentile

Grey = NDArray[np.uint8]

CHARACTERS = "0123456789.,-/:"
DIGITS, MARKS = CHARACTERS[:10], CHARACTERS[10:]
DIGIT_CLASSES = len(DIGITS)  # the first classes
STRIDE = 4  # pixels along a cell
INPUT, SCORES, CLASSES, BOXES = "page", "scores", "classes", "boxes"
_FILE = Path(__file__).parent.parent / "pretrained" / "finder" / "finder.onnx"

_FIRST_AREA = 96 * 96  # pixels of the first picture
# Without digits in it, it is searched again at this multiple of the scale, as long as that is less
# than a pixel for two of the picture.
_ENLARGED, _LARGEST_BLIND = 3.0, 0.5
_LARGEST_AREA = 800_000  # pixels of the later pictures; so none takes longer than a second
# The network reads digits of this height best, in pixels. The picture is searched again if they are
# larger or smaller by more than a factor: one for each time that it was searched.
_BEST_HEIGHT, _TOLERANCES = 30, (1.1, 1.7, 1.7)
_WEAKEST, _SUREST = 0.05, 0.999  # cells with lower scores are no candidates; the highest mean
_CANDIDATE = 0.15  # digits with this score determine which part of the picture is looked at again
_STRONG = 0.3  # digits with this score determine the scale
_LEGIBLE_HEIGHT = 14  # pixels; of smaller digits, a view says too little to be averaged with
_RELIABLE_HEIGHT = 12  # pixels; smaller digits are seen too badly to leave out what is around them
# The part around them is looked at again unless it is this fraction of the picture or more.
_MOST_OF_IT = 0.6
_MARGIN = (1.5, 1.0)  # horizontal and vertical, in heights of digits
_MOST = 2000  # candidates per picture
PADDED_TO = 32  # pixels; each side of the network's input is padded to a multiple of it
# Of two candidates of one kind, the weaker one is dropped if the intersection of their boxes is
# this part of their union, or this part of the smaller box.
_SAME_UNION, _SAME_PART = 0.45, 0.8


@dataclass(frozen=True, eq=False)
class Found:
    """A candidate for a character.

    Attributes:
        box: left, top, right and bottom in pixels of the picture.
        score: from 0 to 1, how sure the network is that a character is there; not calibrated.
        classes: (15,) float32, the probabilities of CHARACTERS; they sum to 1.
    """

    box: tuple[float, float, float, float]
    score: float
    classes: NDArray[np.float32]

    @property
    def height(self) -> float:
        """The height of its box."""
        return self.box[3] - self.box[1]

    def moved(self, right: int, down: int) -> "Found":
        """Return the same candidate elsewhere, by so many pixels."""
        from_left, from_top, to_right, to_bottom = self.box
        box = (from_left + right, from_top + down, to_right + right, to_bottom + down)
        return replace(self, box=box)

    @property
    def is_digit(self) -> bool:
        """Whether it is rather a digit than a mark."""
        return float(self.classes[:DIGIT_CLASSES].sum()) > 0.5


class Finder:
    """Finds characters; can be shared among threads."""

    def __init__(self, file: Path = _FILE, threads: int | None = None) -> None:
        """Load the network.

        Args:
            file: an ONNX file with the graph described above.
            threads: how many threads to compute with; one per core when None.
        """
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        if threads is not None:
            options.intra_op_num_threads = threads
        self._session = onnxruntime.InferenceSession(
            file, options, providers=["CPUExecutionProvider"]
        )

    def find(self, grey: Grey) -> list[Found]:
        """Return the characters of a picture (h, w), the surest first."""
        view: _View | None = _View(0, 0, grey, float(np.sqrt(_FIRST_AREA / grey.size)))
        found: list[Found] = []
        scale = 0.0
        for tolerance in _TOLERANCES:
            if view is None:
                break
            here = self.find_at(view.part, view.scale)
            next_view = _better_view(view, here, tolerance)
            found = _averaged([each.moved(view.left, view.top) for each in here], found, scale)
            scale, view = view.scale, next_view
        return found

    def find_at(self, grey: Grey, scale: float) -> list[Found]:
        """Return the characters of a picture (h, w) that is scaled by `scale` first."""
        page, steps = _scaled(grey, scale)
        scores, classes, boxes = self._session.run([SCORES, CLASSES, BOXES], {INPUT: page})
        rows, columns = np.nonzero(scores[0, 0] >= _WEAKEST)
        order = np.argsort(-scores[0, 0, rows, columns], kind="stable")[:_MOST]
        rows, columns = rows[order], columns[order]
        height, width = grey.shape
        limits = np.array([width, height, width, height], np.float32)
        at = np.clip(boxes[0, :, rows, columns] / np.tile(steps, 2), 0, limits)
        found = [
            Found((float(left), float(top), float(right), float(bottom)), float(score), each)
            for (left, top, right, bottom), score, each in zip(
                at, scores[0, 0, rows, columns], classes[0, :, rows, columns], strict=True
            )
            if right > left and bottom > top
        ]
        return _without_duplicates(found)


@dataclass(frozen=True, eq=False)
class _View:
    """A part of a picture, from `left` and `top` on, that is searched at a scale."""

    left: int
    top: int
    part: Grey
    scale: float


def _averaged(found: list[Found], before: list[Found], scale: float) -> list[Found]:
    """Return candidates, those that are high enough averaged with those of another view.

    What the network says of a character changes from view to view by chance, so the means of the
    scores' logits and of the classes' logarithms are more certain.

    Args:
        found: the candidates.
        before: those of the other view. One that is missing there has the lowest score.
        scale: the pixels of the other view along a pixel of the picture.
    """
    boxes = np.array([each.box for each in before], np.float32).reshape(-1, 4)
    averaged = [
        _mean(each, _most_like(each.box, before, boxes))
        if each.height * scale >= _LEGIBLE_HEIGHT
        else each
        for each in found
    ]
    return sorted(averaged, key=lambda each: -each.score)


def _most_like(
    box: tuple[float, float, float, float], others: list[Found], boxes: NDArray[np.float32]
) -> Found | None:
    """Return the candidate whose box of (n, 4) is most like another; None if none is like it."""
    if not others:
        return None
    left, top, right, bottom = box
    widths = np.minimum(right, boxes[:, 2]) - np.maximum(left, boxes[:, 0])
    heights = np.minimum(bottom, boxes[:, 3]) - np.maximum(top, boxes[:, 1])
    common = np.clip(widths, 0, None) * np.clip(heights, 0, None)
    areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    overlaps = common / (areas + (right - left) * (bottom - top) - common)
    best = int(overlaps.argmax())
    return others[best] if overlaps[best] > _SAME_UNION else None


def _mean(found: Found, other: Found | None) -> Found:
    if other is None:
        return replace(found, score=_mean_score(found.score, _WEAKEST))
    classes = np.sqrt(found.classes * other.classes)
    return replace(
        found, score=_mean_score(found.score, other.score), classes=classes / classes.sum()
    )


def _mean_score(first: float, second: float) -> float:
    first, second = min(first, _SUREST), min(second, _SUREST)
    odds = np.sqrt(first / (1 - first) * second / (1 - second))
    return float(odds / (1 + odds))


def _better_view(view: _View, found: list[Found], tolerance: float) -> _View | None:
    """Return where and at what scale to search again; None if it would not help."""
    digits = [each for each in found if each.is_digit and each.score >= _CANDIDATE]
    heights = [each.height for each in digits if each.score >= _STRONG]
    if not heights:
        # They may be too small; where they are large enough already, there are none.
        scale = _ENLARGED * view.scale
        return replace(view, scale=scale) if scale < _LARGEST_BLIND else None
    height = percentile(np.array(heights), 50)
    left, top, part = 0, 0, view.part
    if height * view.scale >= _RELIABLE_HEIGHT:
        left, top, right, bottom = _surroundings(digits, height, view.part.shape)
        part = np.ascontiguousarray(view.part[top:bottom, left:right])
    scale = float(min(_BEST_HEIGHT / height, np.sqrt(_LARGEST_AREA / part.size)))
    same_part = part.size > _MOST_OF_IT * view.part.size
    if same_part and 1 / tolerance < scale / view.scale < tolerance:
        return None
    return _View(view.left + left, view.top + top, part, scale)


def _surroundings(
    digits: list[Found], height: float, shape: tuple[int, ...]
) -> tuple[int, int, int, int]:
    """Return left, top, right and bottom of the part of a picture that contains all digits."""
    boxes = np.array([each.box for each in digits])
    margin = height * np.array(_MARGIN)
    left, top = np.maximum(boxes[:, :2].min(axis=0) - margin, 0).astype(int)
    right, bottom = np.minimum(boxes[:, 2:].max(axis=0) + margin, shape[::-1]).astype(int)
    return int(left), int(top), int(right), int(bottom)


def _scaled(grey: Grey, scale: float) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the network's input (1, 1, h, w), and the pixels of it along a pixel of `grey`."""
    height, width = (max(8, round(side * scale)) for side in grey.shape)
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    resized = cv2.resize(grey, (width, height), interpolation=way)
    padded = cv2.copyMakeBorder(
        resized, 0, -height % PADDED_TO, 0, -width % PADDED_TO, cv2.BORDER_REPLICATE
    )
    steps = np.array([width / grey.shape[1], height / grey.shape[0]], np.float32)
    return padded[None, None].astype(np.float32), steps


def _without_duplicates(found: list[Found]) -> list[Found]:
    """Return the candidates, without those that a surer one of the same kind covers."""
    if not found:
        return []
    boxes = np.array([each.box for each in found], np.float32)
    digits = np.array([each.is_digit for each in found])
    areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    alive = np.ones(len(found), bool)
    for index in range(len(found)):
        if not alive[index]:
            continue
        low = np.maximum(boxes[index, :2], boxes[index + 1 :, :2])
        high = np.minimum(boxes[index, 2:], boxes[index + 1 :, 2:])
        common = np.clip(high - low, 0, None).prod(axis=1)
        union = areas[index] + areas[index + 1 :] - common
        part = common / np.minimum(areas[index], areas[index + 1 :])
        same_kind = digits[index] == digits[index + 1 :]
        alive[index + 1 :] &= (common < _SAME_UNION * union) & ~((part > _SAME_PART) & same_kind)
    return [each for each, is_alive in zip(found, alive, strict=True) if is_alive]
