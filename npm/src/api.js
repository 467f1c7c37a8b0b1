import { engine } from './engine.js';
import { fromEngine } from './errors.js';
import { run } from './run.js';

/** The functions of the package, over a host's way to open sources. */
export function api(open) {
  async function one(source, options, make) {
    const { EngineTask } = await engine();
    options.signal?.throwIfAborted();
    const reader = await open(source, options);
    try {
      return await run(make(EngineTask, reader.size), reader, options);
    } catch (error) {
      throw fromEngine(error);
    } finally {
      await reader.close();
    }
  }

  const verifyJson = (source, options = {}) =>
    one(source, options, (task, size) => task.verify(size, [...(options.trustedKeys ?? [])]));

  const verify = async (source, options) => JSON.parse(await verifyJson(source, options));

  const inspect = async (source, options = {}) =>
    JSON.parse(await one(source, options, (task, size) => task.inspect(size, [...(options.trustedKeys ?? [])])));

  async function keyFromFile(file) {
    try {
      return JSON.parse((await engine()).keyFromFile(file));
    } catch (error) {
      throw fromEngine(error);
    }
  }

  return { verify, verifyJson, inspect, keyFromFile };
}
