// Runs in a web worker: does what worker.js asks for.
import * as pspf from './browser.js';

const running = new Map();

function told(error) {
  return { name: error.name, code: error.code, message: error.message };
}

onmessage = async ({ data: { id, name, words, engine, heard } }) => {
  if (engine) {
    pspf.init(engine).catch(() => {});
    return;
  }
  if (name === 'abort') {
    running.get(id)?.abort();
    return;
  }
  const controller = new AbortController();
  running.set(id, controller);
  const options = { ...words.pop(), signal: controller.signal };
  let last = 0;
  const onProgress = (done, total) => {
    const now = performance.now();
    if (now - last < 50 && done !== total) return;
    last = now;
    postMessage({ id, progress: [done, total] });
  };
  if (heard) options.onProgress = onProgress;
  try {
    if (name === 'listFiles') {
      const value = [];
      for await (const entry of pspf.listFiles(...words, options)) value.push(entry);
      postMessage({ id, value });
    } else if (name === 'extractFile' || name === 'readSlot') {
      const value = await new Response(pspf[name](...words, options)).blob();
      postMessage({ id, value });
    } else {
      postMessage({ id, value: await pspf[name](...words, options) });
    }
  } catch (error) {
    postMessage({ id, error: told(error) });
  } finally {
    running.delete(id);
  }
};
