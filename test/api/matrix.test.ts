/**
 * Who may do what, tried: every operation of the schema over every transport, and every HTTP route, by nobody, by each role, by
 * somebody who is limited to some streams, and with tokens that are unknown, expired or revoked.
 */
import { isNonNullType } from 'graphql';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type {
  Eraser,
  IngestAddresses,
  ListMediaFiles,
  Outputs,
  Sessions,
  StreamManager,
  Tokens,
} from '../../src/api/index.ts';
import { schema } from '../../src/api/schema/index.ts';
import { hasRole, type Role } from '../../src/domain/access.ts';
import type { Episode } from '../../src/domain/moment.ts';
import { EXPORTED_TABLES } from '../../src/tables/session-tables.ts';
import { TABLE_FORMATS } from '../../src/tables/table.ts';
import { makeMoment } from '../helpers/moments.ts';
import { SETTINGS } from '../helpers/streams.ts';
import { ASKERS, NOBODY, openMatrixAccess } from './matrix-askers.ts';
import { type Ids, OPERATIONS } from './matrix-operations.ts';
import { bearer, get, type Outcome, post, sse, type Transport, webSocket } from './matrix-transports.ts';
import { openWorld, type World } from './world.ts';

const MISSING: Ids = {
  stream: '0190b0f0-0000-7000-8000-00000000dead',
  session: '0190b0f0-0000-7000-8000-00000000beef',
  site: 'lab',
  token: '0190b0f0-0000-7000-8000-00000000cafe',
  output: '0190b0f0-0000-7000-8000-00000000f00d',
};

const NO_TOKEN =
  'This server asks who you are: send a token as `authorization: Bearer mien_…` (over WebSocket in the payload of `connection_init`), or sign in. `mien token create` makes one.';
const WRONG_TOKEN =
  'This token is not valid here: it is unknown, was revoked or has expired. `mien token create` makes another.';

let world: World;
let shown: Ids;
let hidden: Ids;
let tokens: ReadonlyMap<string, string | null>;
/** What was asked of the parts that change something. */
let done: string[] = [];
let stopPublishing: () => Promise<void>;

beforeAll(async () => {
  const { authenticator, tokens: secrets } = await openMatrixAccess();
  tokens = secrets;
  world = await openWorld({
    servicesOf: (services) => ({
      ...services,
      streamManager,
      sessions,
      mediaFiles,
      ...{ eraser, outputs, ingestAddresses },
      tokens: notingTokens(services.tokens),
    }),
    api: { authenticator, limits: { requestRate: 100_000 } },
  });
  shown = await record('lab');
  hidden = await record('shop');
  stopPublishing = publish([shown, hidden]);
  await world.services.audit.record({
    requester: { principal: { kind: 'COMMAND', id: 'command', name: 'command' }, address: null },
    action: 'ACCESS',
    outcome: 'OK',
  });
});
afterAll(async () => {
  await stopPublishing();
  await world.close();
});

/** Notes what it is asked, and changes nothing. */
const streamManager: StreamManager = {
  async register({ name }) {
    done.push(`register ${name}`);
    return { ...SETTINGS, id: name, shouldRun: true, createdAt: new Date(), alreadyRegistered: false };
  },
  async change(id, change) {
    done.push(`change ${Object.keys(change)} of ${id}`);
    return { id, atNextSession: [] };
  },
  start: async (id) => noted('start', id),
  stop: async (id) => noted('stop', id),
  remove: async (id) => void done.push(`remove ${id}`),
};

const ingestAddresses: IngestAddresses = {
  assertInFuture() {},
  async renew(id, expiresAt) {
    done.push(`renew the address of ${id}`);
    return { secret: 'secret', expiresAt };
  },
};

const sessions: Sessions = {
  async describe(id, words) {
    done.push(`describe ${id} by ${Object.keys(words)}`);
  },
  async mark(id, markers) {
    done.push(`mark ${id} by ${markers.map(({ name }) => name)}`);
    return { markers: [{ name: 'stimulus', time: 1 }], added: 1 };
  },
  async unmark(id, choices) {
    done.push(`unmark ${id} by ${choices.map(({ name }) => name)}`);
    return 1;
  },
};

const mediaFiles: ListMediaFiles = async () => [
  { path: 'a.mp4', kind: 'VIDEO', size: 1, modifiedAt: new Date(0) },
];

const eraser: Eraser = {
  async erase({ request }) {
    if (request.type !== 'SESSION') throw new Error('a session was asked for');
    done.push(`erase ${request.sessionId}`);
    const where = { sessionIds: { has: request.sessionId } };
    return (await world.store.prisma.erasure.findFirstOrThrow({ where })).id;
  },
};

const outputs: Outputs = {
  async add({ streamId }) {
    done.push(`add an output of ${streamId}`);
    const { id } = await world.store.prisma.output.findFirstOrThrow({ where: { streamId } });
    return { id };
  },
  async change(id) {
    done.push(`change ${id}`);
    return { id };
  },
  remove: async (id) => void done.push(`remove ${id}`),
  async test(id) {
    done.push(`try ${id}`);
    return { ok: true, message: 'a test', status: null, answer: null, milliseconds: 1 };
  },
  status: () => null,
};

function notingTokens({ issue, revoke }: Tokens): Tokens {
  return {
    issue(...request) {
      done.push('make a token');
      return issue(...request);
    },
    revoke(id) {
      done.push(`revoke ${id}`);
      return revoke(id);
    },
  };
}

async function noted(what: string, id: string) {
  done.push(`${what} ${id}`);
  const session = await world.store.sessions.latest(id);
  if (session === null) throw new Error('it has no session');
  return session;
}

/** A stream with a session that runs, a moment, a face, an episode and an output; a token, and a record of an erasure that there was not. */
async function record(site: string): Promise<Ids> {
  const { streams, sessions, moments } = world.store;
  const order = { name: site, role: 'VIEWER', streams: null, expiresAt: null } as const;
  const token = (await world.services.tokens.issue(order, 'a test')).token.id;

  const stream = (await streams.create({ ...SETTINGS, name: site, tags: { site } })).id;
  const session = (await sessions.create({ streamId: stream, modelId: 'test@1' })).id;
  await sessions.setState(session, 'RUNNING');
  await sessions.mark(session, [{ name: 'stimulus', when: { media: 1 } }]);
  await moments.append(makeMoment(session, 0), [{ kind: 'ONSET', episode: episode(session) }]);
  const requester = { requesterKind: 'COMMAND', requesterId: 'command', requesterName: 'command' };
  const erasure = { ...requester, reason: 'a test', target: {}, sessionIds: [session], steps: [] };
  await world.store.prisma.erasure.create({ data: { ...erasure, finishedAt: new Date() } });
  const output = await world.store.outputs.create({
    ...{ name: site, streamId: stream, enabled: false, allowPrivate: false, topics: ['STATES'], rules: [] },
    target: { kind: 'WEBHOOK', url: 'https://8.8.8.8/', secret: 'whsec_' },
  });
  return { stream, session, site, token, output: output.id };
}

function episode(sessionId: string): Episode {
  const times = { onset: 0, apex: 0, offset: null, startedAt: new Date(0), endedAt: null };
  return { sessionId, index: 0, track: 1, expression: 'HAPPINESS', ...times, peak: 0.9 };
}

/** Goes on with all of them, one moment and one episode after the other. @returns what stops it */
function publish(all: Ids[]): () => Promise<void> {
  const go = async (seq: number) => {
    for (const { stream, session } of all) {
      const position = await world.store.moments.append(makeMoment(session, seq), []);
      world.bus.moment(stream, makeMoment(session, seq), position);
      world.bus.episode(stream, { kind: 'ONSET', episode: episode(session) }, position);
    }
  };
  let seq = 0;
  let going = Promise.resolve();
  const timer = setInterval(() => {
    if (world.bus.subscribers > 0) going = going.then(() => go(++seq));
  }, 20);
  return () => {
    clearInterval(timer);
    return going;
  };
}

const ROOTS = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()].flatMap(
  (type) =>
    Object.values(type?.getFields() ?? {}).map((field) => ({ name: `${type?.name}.${field.name}`, field })),
);

function transportsOf(name: string): Record<string, Transport> {
  if (name.startsWith('Subscription.')) return { SSE: sse, WebSocket: webSocket };
  return { POST: post, WebSocket: webSocket, ...(name.startsWith('Query.') && { GET: get }) };
}

const EACH = Object.entries(OPERATIONS).flatMap(([name, operation]) =>
  Object.entries(transportsOf(name)).map(([over, transport]) => ({ name, operation, over, transport })),
);

test('every query, mutation and subscription of the schema is in the matrix', () => {
  expect(Object.keys(OPERATIONS).sort()).toEqual(ROOTS.map(({ name }) => name).sort());
});

describe.each(EACH)('$name over $over', ({ name, operation, over, transport }) => {
  const { least, query, variables, data, does } = operation;
  const ask = async (asker: string, ids: Ids) => {
    done = [];
    const token = tokens.get(asker) ?? null;
    return transport({ url: world.url, token, query, variables: variables?.(ids) ?? {} });
  };
  const answered = (data: unknown, errors: Outcome['errors'] = []): Outcome => ({
    ...{ status: over === 'WebSocket' ? null : 200, closed: null, data, errors },
  });
  /** Where it was not answered, whether it may be null. */
  const nothing = () => {
    const field = ROOTS.find((root) => root.name === name)!.field;
    const isNull = name.startsWith('Subscription.') || isNonNullType(field.type);
    return isNull ? null : { [field.name]: null };
  };
  const forbidden = (asker: string, role: Role) =>
    answered(nothing(), [
      { message: `This needs the role ${least}, and "${asker}" has ${role}.`, code: 'FORBIDDEN' },
    ]);

  test.each(NOBODY)('%s: nothing is answered, and nothing done', async (who) => {
    const message = who === 'without a token' ? NO_TOKEN : WRONG_TOKEN;
    expect(await ask(who, shown)).toEqual(
      over === 'WebSocket'
        ? { status: null, closed: 4401, data: null, errors: [] }
        : { status: 401, closed: null, data: null, errors: [{ message, code: 'UNAUTHENTICATED' }] },
    );
    expect(done).toEqual([]);
  });

  const lacking = Object.entries(ASKERS).filter(([, asker]) => !hasRole(asker, least));
  test.each(lacking)('the %s is told which role it needs, and nothing is done', async (who, { role }) => {
    expect(await ask(who, shown)).toEqual(forbidden(who, role));
    expect(done).toEqual([]);
  });

  const having = Object.entries(ASKERS).filter(([, asker]) => hasRole(asker, least));
  test.each(having)('the %s is answered about a stream that is shown to all', async (who, { streams }) => {
    const asking = { ids: shown, shown: streams ? [shown] : [shown, hidden], isLimited: streams !== null };
    const isRefused = asking.isLimited && operation.limited;
    expect(await ask(who, shown)).toEqual(
      isRefused ? answered(nothing(), [operation.limited!]) : answered(data(asking)),
    );
    expect(done).toEqual(does?.(shown) ?? []);
  });

  if (variables === null) return;

  test.each(having)(
    'the %s is answered about a stream that is not shown to the limited ones',
    async (who, { streams }) => {
      if (streams === null) {
        const asking = { ids: hidden, shown: [shown, hidden], isLimited: false };
        expect(await ask(who, hidden)).toEqual(answered(data(asking)));
        expect(done).toEqual(does?.(hidden) ?? []);
        return;
      }
      const outcome = await ask(who, hidden);
      expect(done).toEqual([]);
      if (operation.hidden) expect(outcome).toEqual(answered(nothing(), [operation.hidden]));
      else if (operation.hiddenData) expect(outcome).toEqual(answered(operation.hiddenData));
      else expect(withoutIds(outcome, hidden)).toEqual(withoutIds(await ask(who, MISSING), MISSING));
      expect(JSON.stringify(outcome.data)).not.toContain(hidden.session);
    },
  );
});

/** With the ids that were asked for named alike. */
function withoutIds(outcome: Outcome, { stream, session, output }: Ids): unknown {
  const text = JSON.stringify(outcome).replaceAll(stream, 'STREAM').replaceAll(session, 'SESSION');
  return JSON.parse(text.replaceAll(output, 'OUTPUT'));
}

const EXPORTS = EXPORTED_TABLES.flatMap((table) => TABLE_FORMATS.map((format) => `${table}.${format}`));

describe.each(EXPORTS)('the export %s', (table) => {
  const ask = async (asker: string, { session }: Pick<Ids, 'session'>) => {
    const headers = bearer(tokens.get(asker) ?? null);
    const response = await fetch(`${world.url}/export/sessions/${session}/${table}`, { headers });
    return { status: response.status, text: (await response.text()).replaceAll(session, 'SESSION') };
  };

  test.each(NOBODY)('%s: nothing is answered', async (who) => {
    const message = who === 'without a token' ? NO_TOKEN : WRONG_TOKEN;
    const { status, text } = await ask(who, shown);
    expect({ status, errors: JSON.parse(text).errors }).toEqual({
      status: 401,
      errors: [{ message, extensions: { code: 'UNAUTHENTICATED' } }],
    });
  });

  test.each(Object.entries(ASKERS))(
    'the %s is given those of streams that it is shown',
    async (who, { streams }) => {
      const given = await ask(who, shown);
      expect(given.status).toBe(200);
      expect(given.text).toContain('SESSION');
      const other = await ask(who, hidden);
      if (streams === null)
        expect({ ...other, text: other.text.includes('SESSION') }).toEqual({ status: 200, text: true });
      else {
        expect(other.status).toBe(404);
        expect(other).toEqual(await ask(who, MISSING));
      }
    },
  );
});
