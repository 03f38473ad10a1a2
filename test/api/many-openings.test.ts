/** Many subscriptions that are being opened at a time, as after a balancer has let go of a server. */
import { buildSchema, parse } from 'graphql';
import { expect, onTestFinished, test } from 'vitest';
import { createMaskError } from '../../src/api/errors/mask-errors.ts';
import { createFanout } from '../../src/api/fanout/fanout.ts';
import { OPEN_PRINCIPAL } from '../../src/domain/access.ts';
import { MienError } from '../../src/errors.ts';
import { createLog } from '../../src/log.ts';
import { tick } from '../helpers/memory-store.ts';

test('node does not warn of them, and all end when the server does', async () => {
  const warnings: string[] = [];
  const note = ({ message }: Error) => void warnings.push(message);
  process.on('warning', note);
  onTestFinished(() => void process.off('warning', note));
  const schema = buildSchema('type Query { none: Int } type Subscription { ticks: Int }');
  schema.getSubscriptionType()!.getFields().ticks!.subscribe = () => new Promise(() => {});
  const maskError = createMaskError(createLog({ logLevel: 'silent', logFormat: 'json' }));
  const fanout = createFanout({ createContext: () => ({}), maskError });
  const contextValue = { requester: { principal: OPEN_PRINCIPAL, address: null } };
  const document = parse('subscription { ticks }');
  const opening = Array.from({ length: 1_000 }, () => fanout.subscribe({ schema, document, contextValue }));
  await tick(50);
  expect(warnings).toEqual([]);
  fanout.close(new MienError('SHUTTING_DOWN', 'It ends.') as never);
  for (const result of await Promise.all(opening)) expect(result).toHaveProperty('errors');
});
