"""Rules: walls of cells, boxes, grids, ruled paper, borders."""

import numpy as np

from tendigits.data.pages.writer import Writer, is_free, rule_width


def draw_walls(writer: Writer, at: list[float], middle: float, size: float) -> None:
    """Draw the walls of cells, and mostly the lines above and below them."""
    printed, width = writer.chance(0.8), rule_width(writer, size)
    above = middle - size * writer.between(0.52, 1.2)
    below = middle + size * writer.between(0.52, 1.2)
    if writer.chance(0.2):  # cells whose upper and lower lines are not on the picture
        above, below = -size, writer.canvas.height + size
    for x in at:
        writer.canvas.line(np.array([[x, above], [x, below]]), width, printed=printed)
    if writer.chance(0.7):
        for y in (above, below):
            writer.canvas.line(np.array([[at[0], y], [at[-1], y]]), width, printed=printed)


def draw_box(writer: Writer, box: tuple[float, float, float, float]) -> None:
    """Draw a box with a left, top, right and bottom side."""
    left, top, right, bottom = box
    corners = np.array([[left, top], [right, top], [right, bottom], [left, bottom], [left, top]])
    width = rule_width(writer, bottom - top)
    writer.canvas.line(corners, width, printed=writer.chance(0.8))


def draw_frame(writer: Writer, middle: tuple[float, float], size: float) -> None:
    """Draw a box around a digit of height `size`."""
    half = size * writer.between(0.55, 0.9)
    x = middle[0] + writer.between(-0.1, 0.1) * size
    y = middle[1] + writer.between(-0.05, 0.05) * size
    draw_box(writer, (x - half, y - half, x + half, y + half))


def draw_grid(writer: Writer, rows: int, columns: int) -> None:
    """Draw the lines of a table over the page; every third one may be thick, as in sudokus."""
    canvas, width = writer.canvas, rule_width(writer, writer.canvas.height / rows)
    thick = width * writer.between(1, 3) if writer.chance(0.3) else width
    for row in range(rows + 1):
        y = row * canvas.height / rows
        points = np.array([[0, y], [canvas.width, y]])
        canvas.line(points, width if row % 3 else thick, printed=True)
    for column in range(columns + 1):
        x = column * canvas.width / columns
        points = np.array([[x, 0], [x, canvas.height]])
        canvas.line(points, width if column % 3 else thick, printed=True)


def draw_rules(writer: Writer, pitch: float) -> None:
    """Draw the lines, or the squares, of the paper."""
    canvas, width = writer.canvas, rule_width(writer, pitch) * 0.7
    start = writer.between(0, pitch)
    for y in np.arange(start, canvas.height, pitch):
        canvas.line(np.array([[-9, y], [canvas.width + 9, y]]), width, printed=True)
    if writer.chance(0.4):
        for x in np.arange(start, canvas.width, pitch):
            canvas.line(np.array([[x, -9], [x, canvas.height + 9]]), width, printed=True)


def draw_guide(writer: Writer, left: float, middle: float, size: float) -> None:
    """Draw a line or a dot before the first digit that is not part of the number."""
    y = middle + writer.between(-0.15, 0.55) * size
    end = left + writer.between(-0.3, 0.15) * size
    if writer.chance(0.7):
        start = -size if writer.chance(0.7) else end - writer.between(0.8, 2) * size
        width = max(0.8, writer.hand.pen * size * writer.between(0.5, 1.2))
        writer.canvas.line(np.array([[start, y], [end, y]]), width, printed=writer.chance(0.6))


def draw_borders(writer: Writer, size: float) -> None:
    """Draw walls and lines near the borders of the page, as in a field cut out of a form."""
    canvas = writer.canvas
    for side in range(4):
        if not writer.chance(0.45):
            continue
        inset = writer.between(-0.03, 0.1) * min(canvas.height, canvas.width)
        lean = writer.between(-2, 2)
        if side < 2:
            x = inset if side == 0 else canvas.width - inset
            points = np.array([[x - lean, -9], [x + lean, canvas.height + 9]])
        else:
            y = inset if side == 2 else canvas.height - inset
            points = np.array([[-9, y - lean], [canvas.width + 9, y + lean]])
        width = rule_width(writer, size) * writer.between(1, 2.5)
        if is_free(canvas, points.min(axis=0) - 1, points.max(axis=0) + 1) or writer.chance(0.3):
            canvas.line(points, width, printed=True)
