// The model in use: its metadata and the full report on it.

import { modelInfo, modelReport } from './api.js';
import { byId } from './elements.js';
import { furtherParts, mainFigures } from './metadata.js';
import { showProblems } from './notice.js';
import { calibration, confusion } from './report.js';

/** Load the model's metadata again, as it can be replaced at any time, and show it. */
export function showModel() {
  return showProblems(byId('model-notice'), async () => {
    const [model, report] = await Promise.all([modelInfo(), modelReport()]);
    byId('model-title').textContent = `Model “${model.name}”`;
    byId('model-lead').textContent = model.description;
    byId('model-figures').replaceChildren(
      ...mainFigures(model),
      ...(report ? [confusion(report), calibration(report)] : []),
      ...furtherParts(model),
    );
  });
}
