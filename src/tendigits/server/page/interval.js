// How sure a share is that was counted.

/**
 * The 95 % interval of a share, after Wilson (1927).
 * @param {number} share from 0 to 1
 * @param {number} count of how many it is the share
 * @returns {[number, number]}
 */
export function wilsonInterval(share, count) {
  const z = 1.959964;
  const middle = (share + z ** 2 / (2 * count)) / (1 + z ** 2 / count);
  const half = (z * Math.sqrt((share * (1 - share)) / count + z ** 2 / (4 * count ** 2))) / (1 + z ** 2 / count);
  return [middle - half, middle + half];
}
