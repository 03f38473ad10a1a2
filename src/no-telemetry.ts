/**
 * Imported before onnxruntime, which else writes an id of this machine below the home directory and sends what it did to its maker.
 * It reads the environment of the process, of which a thread has only a copy.
 */
import { isMainThread } from 'node:worker_threads';

const OFF = 'ORT_DISABLE_TELEMETRY';

if (process.env[OFF] !== '1') {
  if (!isMainThread) throw new Error(`A thread would load onnxruntime before its process has set ${OFF}=1.`);
  process.env[OFF] = '1';
}
