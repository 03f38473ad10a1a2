/** Every mutation leaves an entry in the audit: of what was done, what was refused and what failed. */
import {
  type GraphQLInputType,
  type GraphQLObjectType,
  GraphQLSchema,
  getNamedType,
  graphql,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isObjectType,
} from 'graphql';
import { describe, expect, it } from 'vitest';
import { auditMutations } from '../../src/api/schema/audit-mutations.ts';
import { schema } from '../../src/api/schema/index.ts';
import { AUDIT_ACTIONS } from '../../src/domain/audit.ts';
import { MienError } from '../../src/errors.ts';
import { requesterOf } from '../helpers/access.ts';
import { keptAudit } from '../helpers/audit.ts';

const ID = '0190b0f0-0000-7000-8000-000000000001';
const mutations = Object.values((schema.getMutationType() as GraphQLObjectType).getFields());

/** A value that the schema takes, of what it cannot do without. */
function sampleOf(type: GraphQLInputType): unknown {
  if (isNonNullType(type)) return sampleOf(type.ofType);
  if (isListType(type)) return [sampleOf(type.ofType)];
  if (isEnumType(type)) return type.getValues()[0]!.name;
  if (!isInputObjectType(type))
    return { ID, String: 'demo.mp4', Boolean: true, DateTime: '2026-11-28T12:00:00Z' }[type.name] ?? 1;
  const fields = Object.values(type.getFields());
  const needed = type.isOneOf ? fields.slice(0, 1) : fields.filter((field) => isNonNullType(field.type));
  return Object.fromEntries(
    needed.map(({ name, type }) => [name, name === 'url' ? 'https://example.org/' : sampleOf(type)]),
  );
}

function ask(name: string, contextValue: object) {
  const field = mutations.find((mutation) => mutation.name === name)!;
  const needed = field.args.filter((arg) => isNonNullType(arg.type));
  const given = (write: (arg: (typeof needed)[number]) => string) =>
    needed.length > 0 ? `(${needed.map(write).join(', ')})` : '';
  const variables = given((arg) => `$${arg.name}: ${arg.type}`);
  const args = given((arg) => `${arg.name}: $${arg.name}`);
  const selection = isObjectType(getNamedType(field.type)) ? '{ __typename }' : '';
  return graphql({
    schema,
    source: `mutation ${variables} { ${name}${args} ${selection} }`,
    variableValues: Object.fromEntries(needed.map((arg) => [arg.name, sampleOf(arg.type)])),
    contextValue,
  });
}

const nothing = { findUnique: async () => null };
const prisma = { stream: nothing, session: nothing };

describe('the audit of mutations', () => {
  it('there are mutations to look at', () => {
    expect(mutations.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['registerStream', 'startStream', 'stopStream', 'removeStream']),
    );
  });

  it.each(mutations.map(({ name }) => name))('%s leaves an entry when it is refused', async (name) => {
    const { audit, events } = keptAudit();
    const requester = {
      ...requesterOf('VIEWER'),
      principal: { ...requesterOf('VIEWER').principal, role: 'NOBODY' },
    };
    const { errors } = await ask(name, { requester, audit, prisma });
    expect(errors).toMatchObject([{ originalError: { code: 'FORBIDDEN' } }]);
    expect(events).toMatchObject([{ requester, outcome: 'REFUSED', code: 'FORBIDDEN' }]);
    expect(AUDIT_ACTIONS).toContain(events[0]!.action);
  });

  it.each(mutations.map(({ name }) => name))('%s leaves an entry when it fails', async (name) => {
    const { audit, events } = keptAudit();
    const requester = requesterOf('ADMIN');
    const failing = new Proxy({}, { get: () => () => Promise.reject(new MienError('CONFLICT', 'not now')) });
    const services = new Proxy(
      { requester, audit, prisma },
      { get: (given, key) => (key in given ? given[key as keyof typeof given] : failing) },
    );
    const { errors } = await ask(name, services);
    // Of several each has its own result.
    if (name === 'registerStreams') expect(errors).toBeUndefined();
    else expect(errors).toMatchObject([{ originalError: { code: 'CONFLICT' } }]);
    expect(events).toMatchObject([{ requester, outcome: 'FAILED', code: 'CONFLICT' }]);
  });

  it('a mutation that does not say what it does is no part of a schema', () => {
    const type = schema.getMutationType()!;
    const bare = { ...type.toConfig(), fields: { ...type.toConfig().fields } };
    bare.fields.stopStream = { ...bare.fields.stopStream!, extensions: {} };
    const Mutation = new (type.constructor as typeof GraphQLObjectType)(bare);
    expect(() =>
      auditMutations(new GraphQLSchema({ query: schema.getQueryType()!, mutation: Mutation })),
    ).toThrow('The mutation stopStream needs');
  });

  it('what was done is written down before it is answered, with what it was done to', async () => {
    const order: string[] = [];
    const { audit, events } = keptAudit();
    const slow = {
      async record(event: (typeof events)[number]) {
        await new Promise((resolve) => setTimeout(resolve, 20));
        order.push('written');
        return audit.record(event);
      },
    };
    const contextValue = {
      requester: requesterOf('OPERATOR'),
      audit: slow,
      prisma: { ...prisma, stream: { findUnique: async () => ({ name: 'door' }) } },
      streamManager: { remove: async () => void order.push('removed') },
    };
    const source = `mutation { removeStream(input: { id: "${ID}" }) { removedStreamId } }`;
    expect(await graphql({ schema, source, contextValue })).toEqual({
      data: { removeStream: { removedStreamId: ID } },
    });
    expect(order).toEqual(['removed', 'written']);
    expect(events).toEqual([
      {
        requester: requesterOf('OPERATOR'),
        action: 'REMOVE_STREAM',
        target: { type: 'STREAM', id: ID, name: 'door' },
        outcome: 'OK',
        detail: {},
      },
    ]);
  });

  it('a token that is made is told by its id, and its secret is not', async () => {
    const { audit, events } = keptAudit();
    const token = { id: ID, name: 'wall display', role: 'VIEWER', streams: null, expiresAt: null };
    const contextValue = {
      ...{ requester: requesterOf('ADMIN'), audit },
      tokens: { issue: async () => ({ secret: 'mien_secret', token }) },
      prisma: { accessToken: { findUniqueOrThrow: async () => token } },
    };
    const source = 'mutation { createToken(input: { name: "wall display", role: VIEWER }) { secret } }';
    expect(await graphql({ schema, source, contextValue })).toEqual({
      data: { createToken: { secret: 'mien_secret' } },
    });
    expect(events).toMatchObject([
      { action: 'CREATE_TOKEN', target: { type: 'TOKEN', id: ID, name: 'wall display' }, outcome: 'OK' },
    ]);
    expect(JSON.stringify(events)).not.toContain('mien_secret');
  });

  it.each([
    [
      'url: "rtsp://user:secret@camera.example:554/door?key=secret#secret"',
      { source: 'URL', location: 'rtsp://camera.example:554/door' },
    ],
    ['file: "people/anna.mp4"', { source: 'FILE' }],
    [`upload: "${'5'.repeat(32)}"`, { source: 'UPLOAD' }],
    ['device: "/dev/video0"', { source: 'DEVICE', location: '/dev/video0' }],
  ])('of a source { %s } the audit keeps no secret and no file’s name', async (given, kept) => {
    const { audit, events } = keptAudit();
    const contextValue = {
      ...{ requester: requesterOf('OPERATOR'), audit },
      prisma: { stream: { findUnique: async () => ({ id: ID, name: 'door' }) } },
      streamManager: { register: async () => ({ id: ID }) },
    };
    const input = `{ name: " door ", purpose: RESEARCH, source: { ${given} } }`;
    const source = `mutation { registerStream(input: ${input}) { stream { id } } }`;
    expect(await graphql({ schema, source, contextValue })).toEqual({
      data: { registerStream: { stream: { id: ID } } },
    });
    expect(events).toMatchObject([
      {
        action: 'REGISTER_STREAM',
        target: { type: 'STREAM', id: ID },
        detail: { purpose: 'RESEARCH', ...kept },
      },
    ]);
    expect(Object.keys(events[0]!.detail!).sort()).toEqual(['purpose', ...Object.keys(kept)].sort());
    expect(JSON.stringify(events)).not.toMatch(/secret|anna|555/);
  });
});
