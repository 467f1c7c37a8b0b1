// Runs in a web worker.
import { attestation, diff, extractFile, init, inspect, keyFromFile, listFiles, readSlot, revokedFromList, scan, sha256, verify, verifyJson } from './browser.js';
import { serve } from './worker-server.js';

serve({ attestation, diff, extractFile, init, inspect, keyFromFile, listFiles, readSlot, revokedFromList, scan, sha256, verify, verifyJson });
