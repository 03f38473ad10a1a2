/** Asks again and again for what does not come by itself. */
import { mayPass } from '../client.js';

/** @import { OwnProblem } from './own-problem.js' */

/**
 * Asks, and again so many milliseconds behind each answer, until one is the last, or the server refuses: it would again.
 * @param {number} ms
 * @param {() => Promise<boolean>} ask whether the answer may change
 * @param {{ signal: AbortSignal, problem: OwnProblem }} options
 */
export function poll(ms, ask, { signal, problem }) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  signal.addEventListener('abort', () => clearTimeout(timer), { once: true });
  const turn = async () => {
    let mayChange = true;
    try {
      mayChange = await ask();
      if (!signal.aborted) problem.over();
    } catch (found) {
      if (signal.aborted) return;
      problem.tell(found);
      mayChange = mayPass(found);
    }
    if (mayChange && !signal.aborted) timer = setTimeout(turn, ms);
  };
  void turn();
}
