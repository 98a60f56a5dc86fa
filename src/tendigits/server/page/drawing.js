// The drawing area: strokes of a round brush, drawn by mouse, finger or pen.

/** @typedef {{ x: number, y: number }} Point */

// Lengths are fractions of the area's shorter side, measured from its centre, so that a drawing
// stays visible when the window is resized.
// The width of the pen, at first 0.055, is 2 pixels of 20 in a digit that is half as high as the
// area, as in MNIST.
const SIDE_SENT = 280; // pixels of the shorter side of the picture that is read

export class Drawing {
  /**
   * @param {HTMLCanvasElement} canvas
   * @param {number} penWidth the width of strokes
   * @param {{ onChange: () => void, onStart: () => void, onMove?: () => void }} listeners `onChange`
   *   is called when the pen is lifted and when a stroke is removed, `onStart` when the pen touches
   *   the area, `onMove` while it moves
   */
  constructor(canvas, penWidth, { onChange, onStart, onMove = () => {} }) {
    this.canvas = canvas;
    this.penWidth = penWidth;
    this.onChange = onChange;
    this.onStart = onStart;
    this.onMove = onMove;
    /** @type {Point[][]} */
    this.strokes = [];
    /** @type {number | null} */
    this.pointer = null;
    canvas.addEventListener('pointerdown', (event) => this.start(event));
    canvas.addEventListener('pointermove', (event) => this.move(event));
    for (const end of ['pointerup', 'pointercancel', 'lostpointercapture']) {
      canvas.addEventListener(end, (event) => this.end(/** @type {PointerEvent} */ (event)));
    }
    new ResizeObserver(() => this.fit()).observe(canvas);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.show());
  }

  get isEmpty() {
    return this.strokes.length === 0;
  }

  /** Remove the last stroke; a pen that is still drawing it draws no more until it is lifted. */
  undo() {
    this.pointer = null;
    this.strokes.pop();
    this.show();
    this.onChange();
  }

  clear() {
    this.pointer = null;
    this.strokes = [];
    this.show();
    this.onChange();
  }

  /**
   * Change the width of all strokes.
   * @param {number} penWidth
   */
  setPenWidth(penWidth) {
    this.penWidth = penWidth;
    this.show();
    if (!this.isEmpty) this.onChange();
  }

  /**
   * The picture that is read: dark on white, with the area's aspect ratio; and the
   * square in its centre that is as wide as the shorter side.
   * @returns {Promise<{ blob: Blob, view: import('./boxes.js').View }>}
   */
  async asPicture() {
    const { picture, view } = this.asCanvas();
    return { blob: await asPng(picture), view };
  }

  /**
   * The same picture as a canvas.
   * @returns {{ picture: HTMLCanvasElement, view: import('./boxes.js').View }}
   */
  asCanvas() {
    const { clientWidth, clientHeight } = this.canvas;
    const scale = SIDE_SENT / Math.min(clientWidth, clientHeight);
    const picture = document.createElement('canvas');
    picture.width = Math.round(clientWidth * scale);
    picture.height = Math.round(clientHeight * scale);
    const context = contextOf(picture);
    context.fillStyle = 'white';
    context.fillRect(0, 0, picture.width, picture.height);
    paint(context, this.strokes, this.penWidth, 'black');
    const [left, top] = [(picture.width - SIDE_SENT) / 2, (picture.height - SIDE_SENT) / 2];
    return { picture, view: { left, top, width: SIDE_SENT, height: SIDE_SENT } };
  }

  /** @param {PointerEvent} event */
  start(event) {
    if (this.pointer !== null || event.button !== 0) return;
    event.preventDefault();
    this.pointer = event.pointerId;
    this.canvas.setPointerCapture(event.pointerId);
    this.onStart();
    this.strokes.push([this.pointOf(event)]);
    this.show();
  }

  /** @param {PointerEvent} event */
  move(event) {
    if (event.pointerId !== this.pointer) return;
    const stroke = this.strokes[this.strokes.length - 1];
    const all = event.getCoalescedEvents?.() ?? [];
    stroke.push(...(all.length ? all : [event]).map((each) => this.pointOf(each)));
    this.show();
    this.onMove();
  }

  /** @param {PointerEvent} event */
  end(event) {
    if (event.pointerId !== this.pointer) return;
    this.pointer = null;
    this.onChange();
  }

  /**
   * @param {PointerEvent} event
   * @returns {Point}
   */
  pointOf(event) {
    const { left, top, width, height } = this.canvas.getBoundingClientRect();
    const side = Math.min(width, height);
    return {
      x: (event.clientX - left - width / 2) / side,
      y: (event.clientY - top - height / 2) / side,
    };
  }

  fit() {
    this.canvas.width = Math.round(this.canvas.clientWidth * devicePixelRatio);
    this.canvas.height = Math.round(this.canvas.clientHeight * devicePixelRatio);
    this.show();
  }

  show() {
    const context = contextOf(this.canvas);
    context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    paint(context, this.strokes, this.penWidth, getComputedStyle(this.canvas).color);
  }
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Point[][]} strokes
 * @param {number} penWidth
 * @param {string} colour
 */
function paint(context, strokes, penWidth, colour) {
  const { width, height } = context.canvas;
  const side = Math.min(width, height);
  context.save();
  context.translate(width / 2, height / 2);
  context.scale(side, side);
  context.lineWidth = penWidth;
  context.lineCap = context.lineJoin = 'round';
  context.strokeStyle = colour;
  for (const stroke of strokes) {
    trace(context, stroke);
    context.stroke();
  }
  context.restore();
}

/**
 * Trace a smooth path: quadratic curves that meet halfway between the points.
 * @param {CanvasRenderingContext2D} context
 * @param {Point[]} stroke
 */
function trace(context, stroke) {
  const [first] = stroke;
  const last = stroke[stroke.length - 1];
  context.beginPath();
  context.moveTo(first.x, first.y);
  for (let index = 1; index < stroke.length - 1; index += 1) {
    const [here, next] = [stroke[index], stroke[index + 1]];
    context.quadraticCurveTo(here.x, here.y, (here.x + next.x) / 2, (here.y + next.y) / 2);
  }
  context.lineTo(last.x, last.y); // a single point becomes a dot
}

/** @param {HTMLCanvasElement} canvas */
function contextOf(canvas) {
  return /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
}

/**
 * @param {HTMLCanvasElement} canvas
 * @returns {Promise<Blob>}
 */
function asPng(canvas) {
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error('The drawing is too large.'))), 'image/png');
  });
}
