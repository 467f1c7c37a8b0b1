import { Worker, isMainThread, parentPort } from 'node:worker_threads';
import { work } from './work.js';

/** Does the jobs in order of arrival, `threads` at once; `done(index, result)` hears of each. */
export async function pool(jobs, threads, onProgress, done) {
  let next = 0;
  if (threads < 2 || jobs.length < 2) {
    for (; next < jobs.length; next += 1) {
      const index = next;
      done(index, await work(jobs[index], (at, total) => onProgress(index, at, total)));
    }
    return;
  }
  const one = () =>
    new Promise((resolve, reject) => {
      // This very script, which does nothing but answer when it is not the main thread.
      const worker = new Worker(new URL(import.meta.url), { argv: [] });
      let index;
      const give = () => {
        if (next >= jobs.length) return void worker.terminate().then(resolve, reject);
        index = next;
        next += 1;
        worker.postMessage(jobs[index]);
      };
      worker.on('message', ({ progress, result }) => {
        if (progress) return onProgress(index, ...progress);
        done(index, result);
        give();
      });
      worker.on('error', reject);
      give();
    });
  await Promise.all(Array.from({ length: Math.min(threads, jobs.length) }, one));
}

if (!isMainThread && parentPort) {
  parentPort.on('message', async (job) => {
    let told = 0;
    const result = await work(job, (...progress) => {
      if (Date.now() - told < 100) return;
      told = Date.now();
      parentPort.postMessage({ progress });
    });
    parentPort.postMessage({ result });
  });
}
