/** Claims of OpenID Connect become a role, a name, and a limit to streams. */
import { describe, expect, it } from 'vitest';
import { type Claims, grantOf, nameOf } from '../../src/access/oidc/claims.ts';
import type { Role } from '../../src/domain/access.ts';

const rule = (claim: string, value: string, role: Role) => ({ claim, value, role });
const roleBy = (claims: Claims, ...roles: ReturnType<typeof rule>[]) =>
  grantOf(claims, { roles, streamsClaim: null }).role;
const streamsBy = (mien: unknown, role: Role = 'VIEWER') =>
  grantOf(
    { sub: 'ada', groups: 'staff', mien },
    { roles: [rule('groups', 'staff', role)], streamsClaim: 'mien' },
  ).streams;

describe('a role by claims', () => {
  it.each([
    ['a text', { groups: 'staff' }, 'groups'],
    ['a list', { groups: ['other', 'staff'] }, 'groups'],
    ['an object in an object', { realm_access: { roles: ['staff'] } }, 'realm_access.roles'],
    ['an object below a name with a dot', { 'a.b': { c: 'staff' } }, 'a.b.c'],
    ['a name that is an address', { 'https://mien.example/roles': ['staff'] }, 'https://mien.example/roles'],
    ['scopes with blanks between', { scope: 'openid staff email' }, 'scope'],
  ])('%s that holds the value gives the role', (_, claims, claim) => {
    expect(roleBy(claims, rule(claim, 'staff', 'OPERATOR'))).toBe('OPERATOR');
  });

  it('numbers and booleans are compared as they are written', () => {
    expect(roleBy({ admin: true }, rule('admin', 'true', 'ADMIN'))).toBe('ADMIN');
    expect(roleBy({ level: [3] }, rule('level', '3', 'VIEWER'))).toBe('VIEWER');
  });

  it('of several roles the highest counts, in whatever order they are mapped', () => {
    const rules = [
      rule('groups', 'a', 'VIEWER'),
      rule('groups', 'b', 'ADMIN'),
      rule('groups', 'c', 'OPERATOR'),
    ];
    expect(roleBy({ groups: ['c', 'b', 'a'] }, ...rules)).toBe('ADMIN');
    expect(roleBy({ groups: ['a', 'c'] }, ...rules)).toBe('OPERATOR');
  });

  it.each([
    ['another value', { groups: ['students'] }],
    ['a part of the value', { groups: 'staffers' }],
    ['other case', { groups: 'Staff' }],
    ['a text with blanks where no list is meant', { groups: 'x staff' }],
    ['an object', { groups: { staff: true } }],
    ['a list in a list', { groups: [['staff']] }],
    ['nothing', {}],
    ['what every object has', Object.create({ groups: 'staff' }) as Claims],
  ])('%s gives no role, and the sentence says what would', (_, claims) => {
    const ask = () => roleBy(Object.assign(claims, { sub: 'ada' }), rule('groups', 'staff', 'VIEWER'));
    expect(ask).toThrow(
      /You are known as ada, but nothing in your groups gives you a role here.*MIEN_OIDC_ROLES/,
    );
    expect(ask).toThrow(expect.objectContaining({ code: 'FORBIDDEN' }));
  });

  it('an e-mail address gives a role only where the issuer says that it is verified', () => {
    const byMail = rule('email', 'ada@example.org', 'ADMIN');
    const email = 'ada@example.org';
    expect(roleBy({ email, email_verified: true }, byMail)).toBe('ADMIN');
    for (const email_verified of [false, undefined, 'true']) {
      expect(() => roleBy({ email, email_verified }, byMail)).toThrow('gives you a role');
    }
  });
});

describe('a limit to streams by a claim', () => {
  it.each([
    ['one text', 'site=lab', { site: 'lab' }],
    ['a list', ['site=lab', 'floor=2'], { site: 'lab', floor: '2' }],
    ['an object', { site: 'lab', floor: 2 }, { site: 'lab', floor: '2' }],
    ['a value with signs of its own', 'q=a=b, c', { q: 'a=b, c' }],
    ['a star', '*', null],
  ])('%s is read', (_, claim, streams) => {
    expect(streamsBy(claim)).toEqual(streams);
  });

  it.each([
    ['no claim', undefined],
    ['an empty text', ''],
    ['an empty list', []],
    ['an empty object', {}],
    ['a star among others', ['*', 'site=lab']],
    ['a key alone', 'site'],
    ['a value that is empty', 'site='],
    ['a key twice', ['site=a', 'site=b']],
    ['a list with an object in it', ['site=lab', { floor: 2 }]],
    ['an object in an object', { site: { a: 1 } }],
    ['a number', 7],
    ['a key that objects have of their own', '__proto__=x'],
    ['more than twenty', Array.from({ length: 21 }, (_, i) => `k${i}=v`)],
  ])('%s shows no stream at all, rather than all of them', (_, claim) => {
    expect(() => streamsBy(claim)).toThrow(expect.objectContaining({ code: 'FORBIDDEN' }));
  });
});

describe('an admin by claims', () => {
  it('an admin sees all streams, and needs no claim for it', () => {
    expect([streamsBy(undefined, 'ADMIN'), streamsBy('*', 'ADMIN')]).toEqual([null, null]);
  });

  it('an admin whom a claim limits to streams is refused, since admins see all', () => {
    expect(() => streamsBy('site=lab', 'ADMIN')).toThrow(expect.objectContaining({ code: 'FORBIDDEN' }));
  });
});

describe('a name by claims', () => {
  it.each([
    [{ preferred_username: 'ada', email: 'a@x.org', name: 'Ada', sub: '1' }, 'ada'],
    [{ email: 'a@x.org', name: 'Ada', sub: '1' }, 'a@x.org'],
    [{ preferred_username: '', name: 'Ada', sub: '1' }, 'Ada'],
    [{ name: 3, sub: '1' }, '1'],
    [{}, 'somebody'],
  ])('%o is called %s', (claims, name) => {
    expect(nameOf(claims)).toBe(name);
  });

  it('a name has one line, nothing that turns the writing around, and an end', () => {
    expect(nameOf({ name: 'a\nb\u202ec' })).toBe('a b c');
    expect(nameOf({ name: 'x'.repeat(1000) })).toHaveLength(200);
  });
});
