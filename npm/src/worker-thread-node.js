// Runs in a thread of Node.
import { parentPort } from 'node:worker_threads';
import { attestation, diff, extractFile, init, inspect, keyFromFile, listFiles, readSlot, revokedFromList, scan, sha256, verify, verifyJson } from './node.js';
import { serve } from './worker-server.js';

serve({ attestation, diff, extractFile, init, inspect, keyFromFile, listFiles, readSlot, revokedFromList, scan, sha256, verify, verifyJson }, parentPort);
