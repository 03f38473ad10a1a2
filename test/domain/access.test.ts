import { expect, it } from 'vitest';
import {
  accessKey,
  COMMAND_PRINCIPAL,
  hasExpired,
  hasRole,
  lacksRole,
  OPEN_PRINCIPAL,
  SYSTEM_PRINCIPAL,
  seesTags,
} from '../../src/domain/access.ts';
import { SYSTEM_ACTOR, UNKNOWN_ACTOR } from '../../src/domain/audit.ts';

it('each role may what those before it may', () => {
  const allowed = (['VIEWER', 'OPERATOR', 'ADMIN'] as const).map((role) =>
    (['VIEWER', 'OPERATOR', 'ADMIN'] as const).map((least) => hasRole({ role }, least)),
  );
  expect(allowed).toEqual([
    [true, false, false],
    [true, true, false],
    [true, true, true],
  ]);
  expect(lacksRole({ name: 'ada', role: 'VIEWER' }, 'ADMIN')).toBe(
    'This needs the role ADMIN, and "ada" has VIEWER.',
  );
});

it('what was shown ends at its end, to the millisecond', () => {
  const expiresAt = new Date(1_000);
  expect([999, 1_000, 1_001].map((now) => hasExpired({ expiresAt }, now))).toEqual([false, true, true]);
  expect(hasExpired({ expiresAt: null }, Number.MAX_SAFE_INTEGER)).toBe(false);
});

it('a stream is shown where it has all the tags that are asked for', () => {
  const tags = { site: 'lab', room: '2' };
  expect(seesTags({ streams: null }, {})).toBe(true);
  expect(seesTags({ streams: {} }, {})).toBe(true);
  expect(seesTags({ streams: { site: 'lab' } }, tags)).toBe(true);
  expect(seesTags({ streams: { site: 'lab', room: '2' } }, tags)).toBe(true);
  expect(seesTags({ streams: { site: 'lab', room: '3' } }, tags)).toBe(false);
  expect(seesTags({ streams: { site: 'lab' } }, {})).toBe(false);
});

it('those of one role who are shown the same streams have the same key, and nobody else', () => {
  const key = (role: 'VIEWER' | 'ADMIN', streams: Record<string, string> | null) =>
    accessKey({ role, streams });
  expect(key('VIEWER', { a: '1', b: '2' })).toBe(key('VIEWER', { b: '2', a: '1' }));
  const others = [
    key('VIEWER', { a: '1', b: '2' }),
    key('VIEWER', { a: '2', b: '1' }),
    key('VIEWER', { a: '1' }),
    key('VIEWER', {}),
    key('VIEWER', null),
    key('ADMIN', null),
    key('ADMIN', { a: '1', b: '2' }),
  ];
  expect(new Set(others).size).toBe(others.length);
});

it('where nobody is asked, and for commands and mien itself, all is shown and nothing ends', () => {
  for (const principal of [OPEN_PRINCIPAL, COMMAND_PRINCIPAL, SYSTEM_PRINCIPAL])
    expect(principal).toMatchObject({ role: 'ADMIN', streams: null, expiresAt: null });
  expect([OPEN_PRINCIPAL.kind, COMMAND_PRINCIPAL.kind, SYSTEM_PRINCIPAL.kind]).toEqual([
    'OPEN',
    'COMMAND',
    'SYSTEM',
  ]);
});

it('the audit has a name for whoever did not show who they are, and one for mien itself, the same in all that it does', () => {
  expect(UNKNOWN_ACTOR).toEqual({ kind: 'UNKNOWN', id: 'unknown', name: 'unknown' });
  expect(SYSTEM_ACTOR).toEqual({ kind: 'SYSTEM', id: 'mien', name: 'mien' });
  expect(SYSTEM_PRINCIPAL).toMatchObject(SYSTEM_ACTOR);
  expect(COMMAND_PRINCIPAL).toMatchObject({ id: 'command', name: 'command' });
  expect(OPEN_PRINCIPAL).toMatchObject({ id: 'open', name: 'anybody' });
});
