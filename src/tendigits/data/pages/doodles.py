"""Doodles: shapes that are no digits."""

from dataclasses import replace

import numpy as np

from tendigits.data.pages.curves import Points, closed, ring, smooth_curve
from tendigits.data.pages.glyphs import outlined
from tendigits.data.pages.writer import Random, Writer, is_free, place_within


def write_doodles(writer: Writer) -> None:
    """Draw one to five doodles, which may lie on one another."""
    canvas = writer.canvas
    count = int(writer.random.choice([1, 1, 2, 3, 5]))
    size = writer.between(0.4, 1.0) * min(canvas.height, canvas.width)
    x, y = canvas.width / 2, canvas.height / 2
    for _ in range(count):
        _draw_doodle(writer, (x, y), size)
        if writer.chance(0.6):
            size *= writer.between(0.25, 0.8)
            x = place_within(writer, canvas.width, size / 2)
            y = place_within(writer, canvas.height, size / 2)


def write_solids(writer: Writer) -> None:
    """Draw filled shapes with a shaded surface, such as clothes and tools before a background."""
    random, canvas = writer.random, writer.canvas
    size = writer.between(0.4, 1.0) * min(canvas.height, canvas.width)
    middle = np.array([canvas.width / 2, canvas.height / 2]) + random.normal(0, 0.1 * size, 2)
    for _ in range(int(random.integers(1, 5))):
        count = int(random.integers(3, 12))
        outline = ring(count, writer.between(0, 7)) * random.uniform(0.4, 1, (count, 1))
        if writer.chance(0.5):
            outline = smooth_curve(closed(outline))
        shape = outline * size / 2 * random.uniform(0.4, 1, 2)
        level = int(random.integers(90, 256))
        canvas.area(shape + middle, level)
        if writer.chance(0.25):  # a hole, or something lighter inside
            inner = shape * random.uniform(0.15, 0.6) + middle + random.normal(0, 0.04 * size, 2)
            canvas.area(inner, int(level * random.uniform(0, 0.7)))
        middle = middle + random.normal(0, 0.2 * size, 2)


def draw_free_doodle(writer: Writer, size: float) -> None:
    """Draw a doodle at a random place if no character is near it."""
    canvas = writer.canvas
    corner = np.array([writer.between(0, canvas.width), writer.between(0, canvas.height)])
    if is_free(canvas, corner - size, corner + size):
        _draw_doodle(writer, (float(corner[0]), float(corner[1])), size)


def write_pictograms(writer: Writer) -> None:
    """Draw one to three pictograms: their strokes, their outlines, or filled."""
    canvas = writer.canvas
    count = int(writer.random.choice([1, 1, 1, 2, 3]))
    size = writer.between(0.3, 1.0) * min(canvas.height, canvas.width / count)
    for number in range(count):
        x = (number + 0.5) * canvas.width / count + writer.between(-0.1, 0.1) * size
        y = place_within(writer, canvas.height, 0.5 * size)
        _draw_pictogram(writer, (x, y), size)


def _draw_pictogram(writer: Writer, middle: tuple[float, float], size: float) -> None:
    pictograms = writer.glyphs.pictograms
    glyph = pictograms[int(writer.random.integers(len(pictograms)))]
    hand = replace(writer.hand, stamped=writer.chance(0.25), printed=None, pen=writer.hand.pen / 2)
    if not hand.stamped and writer.chance(0.6):
        glyph = outlined(glyph)
    writer.canvas.glyph(glyph, hand, middle, size, writer.random)


def _draw_doodle(writer: Writer, middle: tuple[float, float], size: float) -> None:
    random = writer.random
    width = max(0.8, writer.between(0.01, 0.06) * size)
    draw = _DOODLES[int(random.integers(len(_DOODLES)))]
    for points in draw(random, random.uniform(0, 2 * np.pi)):
        placed = points * size / 2 + middle + random.normal(0, 0.01 * size, points.shape)
        if random.random() < 0.12 and len(points) > 3:
            writer.canvas.area(placed, int(random.integers(90, 256)))
        writer.canvas.line(placed, width)


# Each of the following returns the lines of a doodle in [-1, 1], turned by an angle if it matters.


def _polygon(random: Random, turn: float) -> list[Points]:
    return [closed(ring(int(random.integers(3, 8)), turn) * random.uniform(0.5, 1, 2))]


def _star(random: Random, turn: float) -> list[Points]:
    """Return a star or a gear."""
    corners = ring(2 * int(random.integers(4, 10)), turn)
    corners[::2] *= random.uniform(0.3, 0.75)
    return [closed(corners)]


def _arrow(random: Random, turn: float) -> list[Points]:
    end = ring(1, turn)[0]
    head = [
        ring(1, turn + np.pi + each)[0] * random.uniform(0.3, 0.6) + end for each in (-0.6, 0.6)
    ]
    return [np.array([-end, end]), np.array([head[0], end, head[1]])]


def _box_with_lines(random: Random, _turn: float) -> list[Points]:
    box = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1], [-1, -1]]) * random.uniform(0.4, 1, 2)
    corner = np.abs(box).max(axis=0)
    return [box, *(random.uniform(-1, 1, (2, 2)) * corner for _ in range(random.integers(1, 5)))]


def _scribble(random: Random, _turn: float) -> list[Points]:
    return [smooth_curve(random.uniform(-1, 1, (int(random.integers(7, 20)), 2)))]


def _sun(random: Random, turn: float) -> list[Points]:
    rays = ring(int(random.integers(5, 14)), turn)
    return [closed(ring(24, 0) * 0.5), *[np.array([0.6 * ray, ray]) for ray in rays]]


def _blob(random: Random, turn: float) -> list[Points]:
    """Return an irregular outline with circles in it."""
    blob = ring(int(random.integers(6, 14)), turn) * random.uniform(0.5, 1, (1, 2))
    blob = blob * random.uniform(0.6, 1.2, (len(blob), 1))
    inner = [
        ring(16, 0) * random.uniform(0.05, 0.3) + random.uniform(-0.5, 0.5, 2)
        for _ in range(int(random.integers(1, 4)))
    ]
    return [closed(smooth_curve(closed(blob))), *inner]


def _zigzag(random: Random, _turn: float) -> list[Points]:
    x = np.linspace(-1, 1, int(random.integers(5, 14)))
    y = random.uniform(0.1, 0.5) * np.where(np.arange(len(x)) % 2, 1, -1)
    wave = np.stack([x, y], axis=1)
    return [wave if random.random() < 0.5 else smooth_curve(wave)]


def _circles(random: Random, _turn: float) -> list[Points]:
    """Return circles that lie in, on or beside one another."""
    circle = ring(24, 0)
    return [circle * random.uniform(0.2, 0.9) + random.uniform(-0.4, 0.4, 2) for _ in range(4)]


def _bumpy(random: Random, _turn: float) -> list[Points]:
    """Return a cloud, a leaf, a butterfly: a closed curve whose radius swings, with strokes."""
    angles = np.linspace(0, 2 * np.pi, 60)
    bumps, phase = int(random.integers(2, 8)), random.uniform(0, 7)
    radius = 1 + random.uniform(0.1, 0.6) * np.sin(bumps * angles + phase)
    radius = np.abs(radius) if random.random() < 0.5 else 0.7 + 0.3 * np.abs(radius)
    curve = np.stack([np.cos(angles), np.sin(angles)], 1) * radius[:, None]
    curve *= random.uniform(0.4, 1, 2) / np.abs(curve).max()
    lines = [curve]
    for _ in range(int(random.integers(0, 4))):
        start = curve[int(random.integers(60))]
        lines.append(smooth_curve(start + np.cumsum(random.normal(0, 0.25, (4, 2)), axis=0)))
    return lines


def _nested(random: Random, turn: float) -> list[Points]:
    """Return an outline with round or sharp corners, one or two like it inside, and a knob."""
    count = int(random.choice([3, 4, 4, 4, 5, 6, 24]))
    outline = ring(count, np.pi / 4 + (turn if random.random() < 0.3 else 0.1 * (turn - np.pi)))
    outline = outline * random.uniform(0.4, 1, 2)
    if random.random() < 0.5:
        outline = _rounded(outline, random.uniform(0.1, 0.4))
    lines = [closed(outline)]
    lines += [
        closed(outline) * scale + random.normal(0, 0.08 * (1 - scale), 2)
        for scale in random.uniform(0.2, 0.95, int(random.integers(1, 3)))
    ]
    if random.random() < 0.5:
        lines.append(ring(12, 0) * random.uniform(0.04, 0.15) + random.uniform(-0.6, 0.6, 2))
    return lines


def _rounded(corners: Points, radius: float) -> Points:
    """Return a polygon whose corners are cut off twice, so that they look round."""
    for _ in range(2):
        after, before = np.roll(corners, -1, axis=0), np.roll(corners, 1, axis=0)
        cut = np.stack(
            [corners + radius * (before - corners), corners + radius * (after - corners)], axis=1
        )
        corners, radius = cut.reshape(-1, 2), 0.25
    return corners


def _cloud(random: Random, turn: float) -> list[Points]:
    """Return an outline of arcs that meet in corners, as of a cloud, a flower or a tree."""
    count = int(random.integers(3, 9))
    at = np.sort(turn + 2 * np.pi * (np.arange(count) + random.uniform(-0.3, 0.3, count)) / count)
    corners = np.stack([np.cos(at), np.sin(at)], axis=1) * random.uniform(0.35, 0.8, 2)
    arcs = []
    for start, end in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        middle, half = (start + end) / 2, (end - start) / 2
        t = np.linspace(np.pi, 0, 9)[:, None]
        bulge = np.array([half[1], -half[0]]) * random.uniform(0.2, 1.3)
        arcs.append(middle + np.cos(t) * half + np.sin(t) * bulge)
    if random.random() < 0.3:  # a flat foot
        arcs[0] = arcs[0][[0, -1]]
    return [closed(np.concatenate(arcs))]


def _creature(random: Random, _turn: float) -> list[Points]:
    """Return a body, a head with an eye, legs, a tail: an animal, a person, a plant."""
    body = ring(20, 0) * random.uniform(0.25, 0.6, 2)
    side = 1 if random.random() < 0.5 else -1
    at = np.array([side * random.uniform(0.3, 0.6), -random.uniform(0.3, 0.7)])
    head = ring(16, 0) * random.uniform(0.12, 0.3, 2) + at
    lines = [closed(smooth_curve(closed(body))), closed(head), ring(8, 0) * 0.04 + at]
    for _ in range(int(random.integers(2, 6))):
        start = body[int(random.integers(20))]
        step = start * random.uniform(0.2, 0.6) + random.normal(0, 0.12, 2)
        lines.append(smooth_curve(np.array([start, start + step, start + 2 * step])))
    if random.random() < 0.5:
        beak = np.array([0.3 * side, random.uniform(-0.1, 0.1)])
        lines.append(np.array([at + beak * 0.5 + 0.08, at + beak * 1.6, at + beak * 0.5 - 0.08]))
    return lines


_DOODLES = (  # those that resemble digits most are drawn more often
    _polygon,
    _star,
    *2 * [_arrow],
    _box_with_lines,
    _scribble,
    _sun,
    *2 * [_blob],
    *2 * [_nested],
    *2 * [_cloud],
    *2 * [_creature],
    _zigzag,
    _circles,
    *3 * [_bumpy],
)
