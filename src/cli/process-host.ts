/** What a command may use of the process that runs it; `main` hands it over. */
import type { Readable, Writable } from 'node:stream';

export interface Host {
  pid: number;
  env: Readonly<Record<string, string | undefined>>;
  stdin: Readable;
  stdout: Writable;
  stderr: Writable & { isTTY?: boolean };
  /** Resolves when the process is asked to end, with the signal's name. Asked again, it exits at once. */
  stopped: Promise<string>;
  /** Ends the process now, whatever still runs. */
  exit(code: number): never;
}
