// The paper behind drawings with transparent parts, as in tendigits/images/grey.py.

/**
 * The grey level of the paper: white, or black if a drawing is light.
 * @param {Uint8ClampedArray} pixels red, green, blue and alpha
 * @returns {number | null} null if nothing is transparent
 */
export function paperBehind(pixels) {
  let [light, alphas, least] = [0, 0, 255];
  for (let at = 0; at < pixels.length; at += 4) {
    const alpha = pixels[at + 3];
    light += ((pixels[at] + pixels[at + 1] + pixels[at + 2]) / 3) * (alpha / 255);
    alphas += alpha;
    if (alpha < least) least = alpha;
  }
  if (least === 255) return null;
  return light / Math.max(alphas, 1e-6) > 0.5 && least < 128 ? 0 : 255;
}
