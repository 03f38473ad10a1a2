import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AuditTrail } from '../../src/access/audit-trail.ts';
import type { AuditEvent, AuditRecord } from '../../src/domain/audit.ts';

beforeEach(() => void vi.useFakeTimers({ now: Date.UTC(2026, 10, 28, 12) }));
afterEach(() => void vi.useRealTimers());

const MINUTE = 60_000;

function event(changes: Partial<AuditEvent> & { id?: string; address?: string } = {}): AuditEvent {
  const { id = 't1', address = '192.0.2.7', ...rest } = changes;
  return {
    requester: { principal: { kind: 'TOKEN', id, name: 'wall display' }, address },
    ...{ action: 'STOP_STREAM', outcome: 'OK', ...rest },
  };
}

const refused = (changes: Parameters<typeof event>[0] = {}) =>
  event({ action: 'SIGN_IN', outcome: 'REFUSED', code: 'UNAUTHENTICATED', ...changes });

function openTrail() {
  const stored: AuditRecord[] = [];
  const logged: { entry?: AuditRecord; entries?: number }[] = [];
  const place = { isAway: false, failures: 0 };
  const trail = new AuditTrail({
    async append(records) {
      if (place.isAway) throw new Error('away');
      stored.push(...records);
    },
    networkOf: (address) => address.replace(/\.\d+$/, ''),
    onFailure() {
      place.failures += 1;
    },
    log: { error: (what) => void logged.push(what), info: (what) => void logged.push(what) },
  });
  return { trail, stored, logged, place };
}

describe('the audit trail', () => {
  it('has stored what was done when it says so, each for itself', async () => {
    const { trail, stored } = openTrail();
    await trail.record(event());
    expect(stored).toEqual([{ ...event(), count: 1, since: null }]);
    await trail.record(event());
    expect(stored).toHaveLength(2);
  });

  it('tells the first of many refusals at once, and how many followed when the minute is over', async () => {
    const { trail, stored } = openTrail();
    for (let tries = 0; tries < 1_000; tries++) void trail.record(refused());
    await vi.advanceTimersByTimeAsync(0);
    expect(stored).toEqual([{ ...refused(), count: 1, since: null }]);
    await vi.advanceTimersByTimeAsync(MINUTE);
    expect(stored[1]).toEqual({ ...refused(), count: 999, since: new Date(Date.UTC(2026, 10, 28, 12)) });
    await vi.advanceTimersByTimeAsync(5 * MINUTE);
    expect(stored).toHaveLength(2);
    void trail.record(refused());
    await vi.advanceTimersByTimeAsync(0);
    expect(stored).toHaveLength(3);
  });

  it('tells refusals of other networks, principals, actions and outcomes one from another', async () => {
    const { trail, stored } = openTrail();
    const kinds = [
      refused(),
      refused({ address: '198.51.100.7' }),
      refused({ id: 't2' }),
      refused({ action: 'ACCESS' }),
      refused({ code: 'FORBIDDEN' }),
      refused({ outcome: 'FAILED' }),
      refused({ target: { type: 'STREAM', id: 's1', name: null } }),
      refused({ target: { type: 'PATH', id: '/graphql', name: 'auditLog' } }),
      refused({ target: { type: 'PATH', id: '/graphql', name: 'tokens' } }),
    ];
    for (const kind of [...kinds, ...kinds, refused({ address: '192.0.2.200' })]) void trail.record(kind);
    await vi.advanceTimersByTimeAsync(0);
    expect(stored).toEqual(kinds.map((kind) => ({ ...kind, count: 1, since: null })));
    await vi.advanceTimersByTimeAsync(MINUTE);
    expect(stored.slice(kinds.length).map(({ count }) => count)).toEqual([2, 1, 1, 1, 1, 1, 1, 1, 1]);
  });

  it('stays small however many addresses try, and counts all of them', async () => {
    const { trail, stored } = openTrail();
    for (let minute = 0; minute < 60; minute++) {
      for (let tries = 0; tries < 500; tries++)
        void trail.record(refused({ address: `10.${minute}.${tries}.1` }));
      await vi.advanceTimersByTimeAsync(MINUTE);
    }
    expect(stored.reduce((sum, { count }) => sum + count, 0)).toBe(60 * 500);
    // 600 kinds of the hour, and a sum of all others for each minute.
    expect(stored.length).toBeLessThanOrEqual(660);
    expect(stored.at(-1)).toMatchObject({ action: 'ACCESS', outcome: 'REFUSED', count: 500 });
  });

  it('is loud when the database does not take an entry, keeps it, and stores it with its time later', async () => {
    const { trail, stored, logged, place } = openTrail();
    place.isAway = true;
    const happened = new Date();
    await trail.record(event());
    await trail.record(event({ id: 't2' }));
    expect(place.failures).toBe(2);
    expect(logged.map(({ entry }) => entry?.requester.principal.id)).toEqual(['t1', 't2']);
    await vi.advanceTimersByTimeAsync(10_000);
    place.isAway = false;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(stored).toEqual([
      { ...event(), count: 1, since: happened },
      { ...event({ id: 't2' }), count: 1, since: happened },
    ]);
    expect(logged.at(-1)).toEqual({ entries: 2 });
    await vi.advanceTimersByTimeAsync(10 * MINUTE);
    expect(stored).toHaveLength(2);
  });

  it('keeps a thousand entries for a database that is away, and the log has the others', async () => {
    const { trail, stored, logged, place } = openTrail();
    place.isAway = true;
    for (let index = 0; index < 1_100; index++) await trail.record(event({ id: `t${index}` }));
    expect(logged).toHaveLength(1_100);
    place.isAway = false;
    await vi.advanceTimersByTimeAsync(MINUTE);
    expect(stored.map(({ requester }) => requester.principal.id)).toEqual(
      Array.from({ length: 1_000 }, (_, index) => `t${index}`),
    );
  });

  it('stores sums and what had to wait when it is closed', async () => {
    const { trail, stored, place } = openTrail();
    for (let tries = 0; tries < 3; tries++) void trail.record(refused());
    await vi.advanceTimersByTimeAsync(0);
    place.isAway = true;
    await trail.record(event());
    place.isAway = false;
    await trail.close();
    expect(stored.map(({ action, count }) => [action, count])).toEqual([
      ['SIGN_IN', 1],
      ['SIGN_IN', 2],
      ['STOP_STREAM', 1],
    ]);
    expect(vi.getTimerCount()).toBe(0);
  });
});
