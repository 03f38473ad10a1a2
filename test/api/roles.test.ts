/** What each role may ask for, and in which words it is told that it may not. */
import { createSourceEventStream, type ExecutionResult, execute, graphql, parse } from 'graphql';
import { expect, test } from 'vitest';
import type { Context } from '../../src/api/context/context.ts';
import { schema } from '../../src/api/schema/index.ts';
import { OPEN_PRINCIPAL } from '../../src/domain/access.ts';
import { requesterOf } from '../helpers/access.ts';
import { keptAudit } from '../helpers/audit.ts';
import { moment } from './harness.ts';

const ID = '0190b0f0-0000-7000-8000-000000000001';
const START = `mutation { startStream(input: { id: "${ID}" }) { session { id } } }`;

const FORBIDDEN = [
  {
    message: 'This needs the role OPERATOR, and "VIEWER" has VIEWER.',
    originalError: { code: 'FORBIDDEN' },
    path: ['startStream'],
  },
];

test('a viewer who starts a stream is told which role that needs, and nothing is started', async () => {
  const started: string[] = [];
  const streamManager = { start: async (id: string) => void started.push(id) };
  const prisma = { stream: { findUnique: async () => null } };
  const contextValue = { requester: requesterOf('VIEWER'), streamManager, prisma, ...keptAudit() };
  const { data, errors } = await graphql({ schema, source: START, contextValue });
  expect({ data, errors }).toMatchObject({ data: null, errors: FORBIDDEN });
  expect(started).toEqual([]);
});

test.each(['OPERATOR', 'ADMIN'] as const)('a requester with the role %s starts a stream', async (role) => {
  const started: string[] = [];
  const streamManager = { start: async (id: string) => ({ id: started.push(id) }) };
  const prisma = {
    session: { findUnique: async () => ({ id: ID }) },
    stream: { findUnique: async () => null },
  };
  const contextValue = { requester: requesterOf(role), streamManager, prisma, ...keptAudit() };
  expect(await graphql({ schema, source: START, contextValue })).toEqual({
    data: { startStream: { session: { id: ID } } },
  });
  expect(started).toEqual([ID]);
});

test('who may not subscribe is told so before anything is subscribed to', async () => {
  const opened: object[] = [];
  const subscriptions = { moments: async (filter: object) => void opened.push(filter) };
  const nobody = { ...OPEN_PRINCIPAL, role: 'NOBODY' };
  const contextValue = { requester: { principal: nobody, address: null }, subscriptions };
  const document = parse('subscription { frameEmotions { seq } }');
  const { errors } = (await createSourceEventStream({ schema, document, contextValue })) as ExecutionResult;
  expect(errors).toMatchObject([
    {
      message: 'This needs the role VIEWER, and "anybody" has NOBODY.',
      originalError: { code: 'FORBIDDEN' },
    },
  ]);
  expect(opened).toEqual([]);
});

test('an event that is pushed costs no look at who asks', async () => {
  const contextValue: Pick<Context, 'requester' | 'actionUnitsOf'> = {
    get requester(): never {
      throw new Error('somebody looked');
    },
    actionUnitsOf: () => ['AU1', 'AU12'],
  };
  const fields =
    'cursor seq wallTime dropped { reason } faces { box { x } probabilities { probability } actionUnits { name } }';
  const document = parse(`subscription { frameEmotions { ${fields} } }`);
  const rootValue = { moment: moment(1, 2), cursor: 'c', skippedBefore: 0 };
  const { data, errors } = await execute({ schema, document, rootValue, contextValue });
  expect(errors).toBeUndefined();
  expect(data).toMatchObject({
    frameEmotions: { seq: 1, faces: [{ box: { x: 0.25 } }, { box: { x: 0.25 } }] },
  });
});

test('what is for admins is refused to one who is limited to some streams, because it tells of all', async () => {
  const contextValue = { requester: requesterOf('ADMIN', { site: 'lab' }) };
  const { data, errors } = await graphql({ schema, source: '{ auditLog { nodes { id } } }', contextValue });
  expect({ data, errors }).toMatchObject({
    data: null,
    errors: [
      { message: 'This is for those who are shown all streams.', originalError: { code: 'FORBIDDEN' } },
    ],
  });
});
