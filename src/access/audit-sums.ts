/**
 * Sums what is refused or fails: somebody who tries passwords must not fill the table. Of those that are alike within a minute
 * (who, from which network, what, with what outcome) the first is told at once, and how many followed at the minute's end.
 */
import { type AuditEvent, type AuditRecord, UNKNOWN_ACTOR } from '../domain/audit.ts';

/** Kinds of attempts that are told one from another; further ones of a minute, or of an hour, are counted together. */
const MOST_A_MINUTE = 50;
const MOST_AN_HOUR = 600;
const HOUR_MS = 3_600_000;

export interface AuditSums {
  /** @returns whether it is the first of its kind, and is to be stored as it is */
  add(event: AuditEvent): boolean;
  /** What followed the first ones since the last call. */
  take(): AuditRecord[];
}

/** @param networkOf gives the addresses that one client can have the same name */
export function createAuditSums(networkOf: (address: string) => string, now = Date.now): AuditSums {
  let sums = new Map<string, AuditRecord>();
  let others: AuditRecord | null = null;
  let hour = { begin: now(), kinds: 0 };
  const isRoom = () => {
    if (now() - hour.begin >= HOUR_MS) hour = { begin: now(), kinds: 0 };
    return sums.size < MOST_A_MINUTE && hour.kinds < MOST_AN_HOUR;
  };
  return {
    add(event) {
      const key = kindOf(event, networkOf);
      const sum = sums.get(key);
      if (sum !== undefined) count(sum, now());
      else if (isRoom()) {
        hour.kinds += 1;
        sums.set(key, { ...event, count: 0, since: null });
        return true;
      } else {
        others ??= { ...OF_MANY, count: 0, since: null };
        count(others, now());
      }
      return false;
    },
    take() {
      const taken = [...sums.values(), ...(others ? [others] : [])].filter((sum) => sum.count > 0);
      sums = new Map();
      others = null;
      return taken;
    },
  };
}

/** Of so many that they are not told one from another. */
const OF_MANY: AuditEvent = Object.freeze({
  requester: { principal: UNKNOWN_ACTOR, address: null },
  action: 'ACCESS',
  outcome: 'REFUSED',
  code: 'TOO_MANY_REQUESTS',
});

function count(sum: AuditRecord, now: number): void {
  sum.count += 1;
  sum.since ??= new Date(now);
}

function kindOf(event: AuditEvent, networkOf: (address: string) => string): string {
  const { requester, action, outcome, code, target } = event;
  const { kind, id } = requester.principal;
  const network = requester.address === null ? null : networkOf(requester.address);
  // Of GraphQL the field, whose name is ours; other names are free text, each of which would be a kind.
  const field = target?.type === 'PATH' ? target.name : null;
  return JSON.stringify([kind, id, network, action, outcome, code, target?.type, target?.id, field]);
}
