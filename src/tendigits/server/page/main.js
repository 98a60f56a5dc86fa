// Starts the page.

import { startCorrecting } from './correct.js';
import { showCorrections, startCorrections } from './corrections.js';
import { startKeys } from './key.js';
import { showModel } from './model.js';
import { startOcclusion } from './occlusion.js';
import { startProbabilities } from './probabilities.js';
import { startReading } from './reading.js';
import { refreshTexts, startCopying } from './result.js';
import { startViews } from './views.js';

startKeys();
startProbabilities();
startReading();
startCorrecting(refreshTexts);
startCopying();
startOcclusion();
startCorrections();
startViews({ read: () => {}, corrections: showCorrections, model: showModel });
