/** Inputs in their order, the next of which begins while the models still have those before it. */

/**
 * Pictures that the models have, while the next one is read: by itself each would wait for its two or three runs one after the other. Two, because
 * a vision worker has two threads of models on a CPU: each has a run of one picture then, and a third would wait for one of these.
 */
const FOLLOWED = 2;

/**
 * Works on each of `count` inputs, so many at a time as `jobs` says; one that was handed over is no more counted among these.
 * @param work is told an input's place, and says by `handedOver` that what there is of it is read, and nothing is left but to wait; what it tells
 * comes after `turn`, which one at a time is over when all inputs before it are, and several at a time at once
 * @param isOver whether no other is to begin
 * @throws what `work` does first, once all that have begun are over; no other begins then
 */
export async function overlapping(
  count: number,
  jobs: number,
  work: (index: number, handedOver: () => void, turn: Promise<unknown>) => Promise<void>,
  isOver: () => boolean,
): Promise<void> {
  const running = new Set<Promise<void>>();
  const failures: unknown[] = [];
  let reading = 0;
  let wake = () => {};
  let before: Promise<unknown> = Promise.resolve();
  const begin = (index: number) => {
    reading += 1;
    let isRead = false;
    const handedOver = () => {
      if (isRead) return;
      isRead = true;
      reading -= 1;
      wake();
    };
    const done = work(index, handedOver, before)
      .catch((error: unknown) => void failures.push(error))
      .finally(() => {
        running.delete(done);
        handedOver();
        wake();
      });
    running.add(done);
    if (jobs === 1) before = Promise.all([before, done]).then(() => {});
  };
  for (let next = 0; next < count && failures.length === 0 && !isOver(); ) {
    if (reading < jobs && running.size < jobs + FOLLOWED) begin(next++);
    else
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
  }
  await Promise.all(running);
  if (failures.length > 0) throw failures[0];
}
