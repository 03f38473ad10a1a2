import { isLoopback } from '../../api/index.ts';
import type { Config } from '../../config.ts';
import type { Log } from '../../domain/log.ts';

/** Whoever serves a network films people: they have to be told by whom, and whom to ask. */
export function warnNoticeUnset(
  { host, notice }: Pick<Config, 'host' | 'notice'>,
  log: Pick<Log, 'warn'>,
): void {
  const unset = [
    ...(notice.controller === null ? ['MIEN_NOTICE_CONTROLLER (who is responsible)'] : []),
    ...(notice.contact === null ? ['MIEN_NOTICE_CONTACT (whom to ask)'] : []),
  ];
  if (isLoopback(host) || unset.length === 0) return;
  log.warn(
    {},
    `/notice, the page for people who are filmed, does not say all that it should: set ${unset.join(' and ')}`,
  );
}
