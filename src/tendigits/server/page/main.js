// Starts the page.

import { showCorrecting, startCorrecting } from './correct.js';
import { showCorrections, startCorrections } from './corrections.js';
import { startKeys } from './key.js';
import { showModel } from './model.js';
import { showOcclusion, startOcclusion } from './occlusion.js';
import { startReading } from './reading.js';
import { refreshTexts, startCopying } from './result.js';
import { startResult } from './result.js';
import { startViews } from './views.js';

startKeys();
startResult((digit) => {
  if (!digit) return;
  showCorrecting(digit);
  showOcclusion(digit);
});
startReading();
startCorrecting(refreshTexts);
startCopying();
startOcclusion();
startCorrections();
startViews({ read: () => {}, corrections: showCorrections, model: showModel });
