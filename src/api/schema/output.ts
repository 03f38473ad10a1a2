/** Outputs: other programs that are told what happens, and how they are doing. */
import type { OutputKind, OutputRule, OutputState, OutputStatus, OutputTopic } from '../../domain/output.ts';
import type { ShownTarget } from '../../store/secrets/sealed-target.ts';
import type { Context } from '../context/context.ts';
import { AS_PARENT } from './access.ts';
import { builder } from './builder.ts';
import { nodesOf, selectionOfNodes } from './connection-fields.ts';
import { describedValues } from './described-values.ts';
import { stillThere } from './ids.ts';
import { keysetPage } from './keyset.ts';
import { created } from './orders.ts';
import { OutputRuleType } from './output-rule.ts';
import { StreamType } from './stream.ts';

const KINDS: Record<OutputKind, string> = {
  WEBHOOK: 'Signed requests over HTTP, after Standard Webhooks.',
  MQTT: 'Topics of a broker, by MQTT 5, and Home Assistant’s discovery.',
  OSC: 'Open Sound Control over UDP.',
};

const OutputKindEnum = builder.enumType('OutputKind', {
  description: 'In which way an output is told.',
  values: describedValues(KINDS),
});

const TOPICS: Record<OutputTopic, string> = {
  EPISODES: 'Onsets and offsets of episodes.',
  STATES: 'States of sessions.',
  COVERAGE:
    'When moments stand for less than 0.9 of the last 10 seconds of media time, and when it is 0.95 again.',
  MOMENTS: 'Moments, with their faces: the newest one, where the receiver is slow. Not of webhooks.',
};

export const OutputTopicEnum = builder.enumType('OutputTopic', {
  description: 'What an output is told of, besides what its rules say.',
  values: describedValues(TOPICS),
});

const STATES: Record<OutputState | 'UNKNOWN', string> = {
  OFF: 'It is not turned on.',
  CONNECTING: 'It was not reached yet.',
  READY: 'What was sent last was taken, or nothing was sent yet.',
  FAILING: 'What was sent last was not taken; `lastError` says why.',
  STOPPED: 'It is not tried any more, until it is changed; `lastError` says why.',
  UNKNOWN: 'It is turned on, and no worker answers the `mien api` that is asked.',
};

const OutputStateEnum = builder.enumType('OutputState', {
  description: 'How an output is doing.',
  values: describedValues(STATES),
});

const OutputErrorType = builder.objectRef<{ message: string; at: number | null }>('OutputError').implement({
  extensions: AS_PARENT,
  description: 'Why an output was not told something.',
  fields: (t) => ({
    message: t.exposeString('message', { description: 'In a sentence.' }),
    at: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When; null: before the server started.',
      resolve: ({ at }) => (at === null ? null : new Date(at)),
    }),
  }),
});

export const OutputType = builder.prismaObject('Output', {
  extensions: AS_PARENT,
  description:
    'Another program that is told what happens in one stream or all, once it is stored. What happens while it is off, or the server is, it is not told; `after` of subscriptions is for that.',
  fields: (t) => ({
    id: t.exposeID('id', { description: 'Its id.' }),
    name: t.exposeString('name', { description: 'What people call it.' }),
    kind: t.field({
      type: OutputKindEnum,
      description: 'In which way it is told.',
      select: { kind: true },
      resolve: ({ kind }) => kind as OutputKind,
    }),
    stream: t.relation('stream', {
      nullable: true,
      description: 'Of which stream it is told; null: of all.',
    }),
    enabled: t.exposeBoolean('enabled', { description: 'Whether it is turned on.' }),
    address: t.string({
      description: 'Where it goes, without secrets: of a webhook scheme, host and port alone.',
      select: { target: true },
      resolve: ({ target }) => shown(target).address,
    }),
    prefix: t.string({
      nullable: true,
      description: 'With which topics of MQTT, or addresses of OSC, begin; null: of a webhook.',
      select: { target: true },
      resolve: ({ target }) => shown(target).prefix ?? null,
    }),
    discoveryPrefix: t.string({
      nullable: true,
      description: 'With which topics of Home Assistant’s discovery begin; null: it is told nothing.',
      select: { target: true },
      resolve: ({ target }) => shown(target).discovery ?? null,
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was added.' }),
  }),
});

/** Of a payload that holds the id of its output. */
export const OUTPUT_NOW = {
  type: OutputType,
  description: 'The output, as it is now.',
  resolve: (query: object, { id }: { id: string }, _args: object, { prisma }: Context) =>
    stillThere('output', id, prisma.output.findUnique({ ...query, where: { id } })),
};

builder.prismaObjectFields(OutputType, (t) => ({
  topics: t.field({
    type: [OutputTopicEnum],
    description: 'What it is told of, besides what its rules say.',
    select: { topics: true },
    resolve: ({ topics }) => topics as OutputTopic[],
  }),
  rules: t.field({
    type: [OutputRuleType],
    description: 'When it is told.',
    select: { rules: true },
    resolve: ({ rules }) => rules as unknown as OutputRule[],
  }),
}));

const shown = (target: unknown) => target as ShownTarget;

type Count = 'sent' | 'failed' | 'dropped' | 'waiting';

builder.prismaObjectFields(OutputType, (t) => {
  const count = (of: Count, description: string) =>
    t.int({
      nullable: true,
      description: `${description} Null: not known, because no worker answers.`,
      select: { id: true, enabled: true },
      resolve: async (output, _args, { outputs }) => (await statusOf(output, outputs))?.[of] ?? null,
    });
  return {
    state: t.field({
      type: OutputStateEnum,
      description: 'How it is doing.',
      select: { id: true, enabled: true, stopped: true },
      resolve: async ({ stopped, ...output }, _args, { outputs }) =>
        stopped === null ? ((await statusOf(output, outputs))?.state ?? 'UNKNOWN') : 'STOPPED',
    }),
    lastError: t.field({
      type: OutputErrorType,
      nullable: true,
      description:
        'What went wrong last, since the server started or it was changed; null: nothing, or not known.',
      select: { id: true, enabled: true, stopped: true },
      resolve: async ({ stopped, ...output }, _args, { outputs }) =>
        stopped === null
          ? ((await statusOf(output, outputs))?.lastError ?? null)
          : { message: stopped, at: null },
    }),
    sent: count('sent', 'Messages that were taken, since the server started or it was changed.'),
    failed: count('failed', 'Messages that were given up, because the receiver did not take them.'),
    dropped: count('dropped', 'Messages that were let go of, because too many waited.'),
    waiting: count('waiting', 'Messages that wait now.'),
  };
});

/** Null: it should be told, and those who do that do not answer. */
async function statusOf(
  { id, enabled }: { id: string; enabled: boolean },
  outputs: Context['outputs'],
): Promise<OutputStatus | null> {
  const status = await outputs.status(id);
  if (status === 'UNKNOWN' && enabled) return null;
  if (status !== null && status !== 'UNKNOWN') return status;
  // What is turned on, and runs nowhere yet, is about to.
  return { ...NOTHING, state: enabled ? 'CONNECTING' : 'OFF' };
}

const NOTHING = { lastError: null, sent: 0, failed: 0, dropped: 0, waiting: 0 };

const OutputConnection = builder.connectionObject({ type: OutputType, name: 'OutputConnection' });

builder.queryField('outputs', (t) =>
  t.connection(
    {
      authScopes: { role: 'OPERATOR' },
      type: OutputType,
      description: 'Other programs that are told what happens, in the order in which they were added.',
      resolve: async (_root, args, context, info) => {
        const page = keysetPage([created('asc')], args);
        const selection = selectionOfNodes(context, info, 'Output');
        return page.toConnection(await context.prisma.output.findMany({ ...selection, ...page.query }));
      },
    },
    OutputConnection,
  ),
);

builder.prismaObjectFields(StreamType, (t) => ({
  outputs: t.connection(
    {
      authScopes: { role: 'OPERATOR' },
      type: OutputType,
      description:
        'Other programs that are told what happens in this stream alone, in the order in which they were added. For operators.',
      select(args, _context, nested) {
        const columns: object = { select: { ordinal: true } };
        return {
          outputs: nested({ ...keysetPage([created('asc')], args).query, ...columns }, nodesOf('Output')),
        };
      },
      resolve: ({ outputs }, args) => keysetPage([created('asc')], args).toConnection(outputs),
    },
    OutputConnection,
  ),
}));
