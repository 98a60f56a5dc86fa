// The constants of the Python modules that these modules follow, by module and name.

/** @type {Record<string, any>} */
export const constants = {};

/** @param {Record<string, any>} values what the page contains */
export function setConstants(values) {
  Object.assign(constants, values);
}
