// Pictures: chosen as a file, photographed, dropped or pasted.

import { byId } from './elements.js';
import { paperBehind } from './paper.js';

const MAX_SIDE = 2400; // pixels, of a JPEG that replaces a file that the server rejected

/**
 * Call `onPictures` with the pictures that are chosen, dropped or pasted together.
 * @param {(files: File[]) => void} onPictures
 */
export function listenForPictures(onPictures) {
  for (const [button, input] of [['choose', 'chosen'], ['photograph', 'photographed']]) {
    byId(button).addEventListener('click', () => byId(input).click());
    byId(input).addEventListener('change', () => {
      const files = [...byId(input).files];
      byId(input).value = ''; // so that the same file can be chosen again
      if (files.length > 0) onPictures(files);
    });
  }
  document.addEventListener('paste', (event) => take(event, event.clipboardData, onPictures));
  document.addEventListener('drop', (event) => take(event, event.dataTransfer, onPictures));
  document.addEventListener('dragover', (event) => event.preventDefault());
  document.addEventListener('dragenter', () => byId('stage').classList.add('drop-target'));
  for (const end of ['dragleave', 'drop']) {
    document.addEventListener(end, (event) => {
      if (/** @type {DragEvent} */ (event).relatedTarget === null) byId('stage').classList.remove('drop-target');
    });
  }
}

/**
 * @param {Event} event
 * @param {DataTransfer | null} data
 * @param {(files: File[]) => void} onPictures
 */
function take(event, data, onPictures) {
  const files = [...(data?.files ?? [])];
  if (files.length === 0) return;
  event.preventDefault();
  onPictures(files);
}

/**
 * Show a picture; the browser turns it upright.
 * @param {File} file
 * @returns {Promise<HTMLImageElement | null>} null if the browser cannot show it
 */
export async function show(file) {
  const image = byId('picture');
  URL.revokeObjectURL(image.src);
  image.src = URL.createObjectURL(file);
  image.alt = `The picture ${file.name}`;
  try {
    await image.decode();
    byId('stage').style.setProperty('--ratio', String(image.naturalHeight / image.naturalWidth));
    return image;
  } catch {
    return null;
  }
}

/**
 * Convert a picture to a JPEG of moderate size and the same aspect ratio.
 * @param {HTMLImageElement} image
 * @returns {Promise<{ blob: Blob | null, width: number, height: number }>}
 */
export async function convertToJpeg(image) {
  const scale = Math.min(1, MAX_SIDE / Math.max(image.naturalWidth, image.naturalHeight));
  const canvas = document.createElement('canvas');
  canvas.width = Math.max(1, Math.round(image.naturalWidth * scale));
  canvas.height = Math.max(1, Math.round(image.naturalHeight * scale));
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
  context.drawImage(image, 0, 0, canvas.width, canvas.height);
  putOnPaper(context);
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, 'image/jpeg', 0.92));
  return { blob, width: canvas.width, height: canvas.height };
}

/**
 * Fill the transparent parts of a picture, which would become black in a JPEG.
 * @param {CanvasRenderingContext2D} context
 */
function putOnPaper(context) {
  const { width, height } = context.canvas;
  const paper = paperBehind(context.getImageData(0, 0, width, height).data);
  if (paper === null) return;
  context.globalCompositeOperation = 'destination-over';
  context.fillStyle = paper ? 'white' : 'black';
  context.fillRect(0, 0, width, height);
}
