/** Log lines: sentences for people, or JSON for programs. Always on stderr, so that stdout stays data. */
import { isatty } from 'node:tty';
import { pino } from 'pino';
import pretty from 'pino-pretty';
import type { Log } from './domain/log.ts';

interface LogOptions {
  logLevel: string;
  /** `text`: for people; `json`: an object a line. */
  logFormat: 'text' | 'json';
}

/**
 * @param base what each line for programs tells, too
 * @param present what such a line tells of what is being done as it is written
 */
export function createLog(
  { logLevel: level, logFormat }: LogOptions,
  base: object | null = null,
  present?: () => object,
): Log {
  const target =
    logFormat === 'text'
      ? pretty({
          // Whoever reads a pipe may stop doing so, and is not waited for.
          ...{ destination: 2, sync: isatty(2), colorize: isatty(2) },
          ...{ ignore: 'pid,hostname', translateTime: 'SYS:yyyy-mm-dd HH:MM:ss' },
        })
      : pino.destination({ dest: 2, sync: false });
  if (logFormat === 'text') return pino({ level, base: null }, target);
  return pino({ level, base, ...(present && { mixin: present }) }, target);
}
