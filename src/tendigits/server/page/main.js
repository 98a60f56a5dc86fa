// Starts the page.

import { startBars } from './bars.js';
import { startCorrecting } from './correcting.js';
import { showCorrections, startCorrections } from './corrections.js';
import { startKeys } from './key.js';
import { showModel } from './model.js';
import { startReading } from './reading.js';
import { startSight } from './sight.js';
import { startViews } from './views.js';

startKeys();
startBars();
startReading();
startCorrecting();
startSight();
startCorrections();
startViews({ read: () => {}, corrections: showCorrections, model: showModel });
