// Pictures: chosen as a file, photographed, dropped or pasted.

import { byId } from './elements.js';

const MAX_SIDE = 2400; // pixels, of a JPEG that replaces a file that the server rejected

/**
 * Call `onPicture` with each picture that is chosen, dropped or pasted.
 * @param {(file: File) => void} onPicture
 */
export function listenForPictures(onPicture) {
  for (const [button, input] of [['choose', 'chosen'], ['photograph', 'photographed']]) {
    byId(button).addEventListener('click', () => byId(input).click());
    byId(input).addEventListener('change', () => {
      const [file] = byId(input).files;
      byId(input).value = ''; // so that the same file can be chosen again
      if (file) onPicture(file);
    });
  }
  document.addEventListener('paste', (event) => take(event, event.clipboardData, onPicture));
  document.addEventListener('drop', (event) => take(event, event.dataTransfer, onPicture));
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
 * @param {(file: File) => void} onPicture
 */
function take(event, data, onPicture) {
  const [file] = data?.files ?? [];
  if (!file) return;
  event.preventDefault();
  onPicture(file);
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
  canvas.getContext('2d')?.drawImage(image, 0, 0, canvas.width, canvas.height);
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, 'image/jpeg', 0.92));
  return { blob, width: canvas.width, height: canvas.height };
}
