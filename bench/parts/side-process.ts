/** A side of a comparison in a process of its own, asked by messages: one at a time, each answered. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export interface SideProcess {
  ask<T>(question: object): Promise<T>;
  stop(): Promise<void>;
}

/** @param file below bench/sides */
export function startSide(file: string, args: string[] = []): SideProcess {
  const path = fileURLToPath(new URL(`../sides/${file}`, import.meta.url));
  const child: ChildProcess = fork(path, args, { execArgv: ['--import', 'tsx'], stdio: 'inherit' });
  const exit = once(child, 'exit');
  const gone = exit.then(([code]) => Promise.reject(new Error(`${file} ended with ${code}`)));
  gone.catch(() => {});
  return {
    async ask<T>(question: object): Promise<T> {
      const answered = new Promise<T>((resolve) => child.once('message', (message) => resolve(message as T)));
      child.send(question);
      return Promise.race([answered, gone]);
    },
    async stop() {
      child.kill('SIGKILL');
      await exit;
    },
  };
}

/** In the child: answers every question. */
export function answer<Question>(handle: (question: Question) => Promise<object> | object): void {
  process.on('message', async (question: Question) => {
    process.send!(await handle(question));
  });
  process.on('disconnect', () => process.exit());
}
