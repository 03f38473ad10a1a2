/** The one way to start a process of mien's own, from sources (tests, tsx) as well as from what is built. */
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** Of the server's environment: what is for it alone, such as the database's password, the key of stored logins and those of a bucket. */
const OWN = /^(?:MIEN_|PG|AWS_|OTEL_|DATABASE_URL$|NATS_URL$)/;

export interface ForkOptions extends Pick<SpawnOptions, 'stdio' | 'serialization'> {
  /** What comes before its command, such as what confines it. */
  prefix?: readonly string[];
}

/**
 * Starts the process whose file lies beside the caller's; it has a channel for messages.
 * @param callerUrl the caller's `import.meta.url`
 * @param name the file's name without its extension, as in `launcher.child`
 */
export function forkBeside(
  callerUrl: string,
  name: string,
  { prefix = [], ...options }: ForkOptions,
): ChildProcess {
  const beside = (extension: string) => fileURLToPath(new URL(`./${name}.${extension}`, callerUrl));
  const env = Object.fromEntries(Object.entries(process.env).filter(([variable]) => !OWN.test(variable)));
  const start = (...args: string[]) => {
    const [command = process.execPath, ...rest] = [...prefix, process.execPath, ...args];
    return spawn(command, rest, { ...options, env });
  };
  if (!callerUrl.endsWith('.ts')) return start(beside('js'));
  return start('--import', pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href, beside('ts'));
}
