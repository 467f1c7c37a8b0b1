// Runs the npm package in a worker. What a package is, is decided there; nothing here knows a byte of the format.

import { attestation, diff, extractFile, init, inspect, keyFromFile, listFiles, readSlot, revokedFromList, sha256, verifyJson } from 'pspf';
import { serve } from 'pspf/worker';

serve({ attestation, diff, extractFile, init, inspect, keyFromFile, listFiles, readSlot, revokedFromList, sha256, verifyJson });
