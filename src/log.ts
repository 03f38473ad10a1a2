/** Log lines: JSON for machines, readable lines on a terminal. Always on stderr, so that stdout stays data. */
import { pino } from 'pino';
import pretty from 'pino-pretty';
import type { Log } from './domain/log.ts';

/** @param terminal whether stderr is a person's screen */
export function createLog(level: string, terminal: boolean): Log {
  const target = terminal
    ? pretty({ destination: 2, sync: true, ignore: 'pid,hostname', translateTime: 'SYS:HH:MM:ss.l' })
    : pino.destination({ dest: 2, sync: false });
  return pino({ level, base: null }, target);
}
