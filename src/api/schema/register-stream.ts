/** Registering streams, one or several. */
import { type ErrorCode, MienError } from '../../errors.ts';
import { isAway } from '../../store/sql/database-errors.ts';
import { mapConcurrently } from '../../threads/map-concurrently.ts';
import type { Context } from '../context/context.ts';
import { AS_PARENT } from './access.ts';
import { recordedAs } from './audit-mutations.ts';
import { audited } from './audited.ts';
import { builder } from './builder.ts';
import { ErrorCodeEnum } from './error-code.ts';
import { stillThere } from './ids.ts';
import { IngestAddressType, newAddress, type ShownAddress } from './ingest-address.ts';
import type { Sized } from './list-sizes.ts';
import { RegisterStreamInput, toNewStream } from './register-input.ts';
import { SessionType } from './session.ts';
import { auditedSource } from './source.ts';
import { StreamType } from './stream.ts';

/** As the parts of the system tell it. */
interface Registered {
  id: string;
  name: string;
  alreadyRegistered: boolean;
  ingest: ShownAddress | null;
}

const RegisterStreamPayload = builder.objectRef<Registered>('RegisterStreamPayload').implement({
  extensions: AS_PARENT,
  description: 'A stream that was registered.',
  fields: (t) => ({
    stream: t.prismaField({
      type: StreamType,
      description: 'The stream.',
      resolve: (query, { id }, _args, { prisma }) =>
        stillThere('stream', id, prisma.stream.findUnique({ ...query, where: { id } })),
    }),
    session: t.prismaField({
      type: SessionType,
      nullable: true,
      description:
        'Its newest run: the one that begins, unless it was registered before; null when it never ran.',
      resolve: (query, { id }, _args, { prisma }) =>
        prisma.session.findFirst({ ...query, where: { streamId: id }, orderBy: { ordinal: 'desc' } }),
    }),
    alreadyRegistered: t.exposeBoolean('alreadyRegistered', {
      description:
        'Whether there was this very stream already, by name, source and all its settings. It is given as it is: nothing was changed or started.',
    }),
    ingest: t.expose('ingest', {
      type: IngestAddressType,
      nullable: true,
      description:
        'Where its video is sent. It is shown this once; null of sources that mien fetches itself, and of a stream that was registered before: `renewIngestAddress` makes another.',
    }),
  }),
});

interface Problem {
  code: ErrorCode;
  message: string;
}

/** What came of one of several inputs; `error`: whatever was thrown. */
type Result = { registered: Registered } | { error: unknown };

const ProblemType = builder.objectRef<Problem>('Problem').implement({
  extensions: AS_PARENT,
  description: 'Why something was refused or failed.',
  fields: (t) => ({
    code: t.field({
      type: ErrorCodeEnum,
      description: 'The code, as `extensions.code` of an error.',
      resolve: ({ code }) => code,
    }),
    message: t.exposeString('message', { description: 'A sentence that says what to do.' }),
  }),
});

const RegisterStreamsResult = builder.objectRef<Result>('RegisterStreamsResult').implement({
  extensions: AS_PARENT,
  description:
    'What came of one input: one of both is null. Both are where the server failed in a way that nobody foresaw: `errors` tells by which id it is in the log.',
  fields: (t) => ({
    registered: t.field({
      type: RegisterStreamPayload,
      nullable: true,
      description: 'The stream; null when it was not registered.',
      resolve(result) {
        if ('registered' in result) return result.registered;
        // What nobody has foreseen is told and logged as everywhere.
        if (problemOf(result.error) === null) throw result.error;
        return null;
      },
    }),
    problem: t.field({
      type: ProblemType,
      nullable: true,
      description: 'Why it was not; null when it was.',
      resolve: (result) => ('error' in result ? problemOf(result.error) : null),
    }),
  }),
});

function problemOf(error: unknown): Problem | null {
  // Not the error itself: GraphQL would throw it.
  if (error instanceof MienError) return { code: error.code, message: error.message };
  if (!isAway(error)) return null;
  return { code: 'STORE_UNAVAILABLE', message: 'The database does not answer. Try again in a moment.' };
}

/** Streams in one call, and how many of them are looked at together: each costs a start of ffmpeg. */
const MOST = 100;
const AT_ONCE = 8;

const RegisterStreamsInput = builder.inputType('RegisterStreamsInput', {
  description: 'Streams to watch.',
  fields: (t) => ({
    streams: t.field({
      type: [RegisterStreamInput],
      required: true,
      description: `The streams, 1 to ${MOST}.`,
    }),
  }),
});

const RegisterStreamsPayload = builder.objectRef<{ results: Result[] }>('RegisterStreamsPayload').implement({
  extensions: AS_PARENT,
  description: 'Streams that were registered, or not.',
  fields: (t) => ({
    results: t.expose('results', {
      type: [RegisterStreamsResult],
      // As many as there may be: what is asked of each counts so often.
      extensions: { items: () => MOST } satisfies Sized,
      description: 'What came of each, in the order of the inputs.',
    }),
  }),
});

const ONE = {
  action: 'REGISTER_STREAM',
  target: 'STREAM',
  detail: ({ input }: { input: typeof RegisterStreamInput.$inferInput }) => ({
    purpose: input.purpose,
    ...auditedSource(input.source),
  }),
} as const;

builder.mutationFields((t) => ({
  registerStream: t.field({
    authScopes: { role: 'OPERATOR' },
    type: RegisterStreamPayload,
    description:
      'Looks at a source, remembers it, and starts watching it. Safe to repeat: the same again gives the stream that exists. CONFLICT when one of this name has this source with other settings.',
    extensions: audited(ONE),
    args: { input: t.arg({ type: RegisterStreamInput, required: true, description: 'The stream.' }) },
    resolve: (_root, { input }, context) => register(input, context),
  }),
  registerStreams: t.field({
    authScopes: { role: 'OPERATOR' },
    type: RegisterStreamsPayload,
    description: `Registers several streams as \`registerStream\` does each, ${AT_ONCE} at a time; one that is refused leaves the others alone.`,
    extensions: audited<{ input: typeof RegisterStreamsInput.$inferInput }>({
      ...{ action: 'REGISTER_STREAM', target: 'STREAM', isEach: true },
      detail: ({ input }) => ({ streams: input.streams.length }),
    }),
    args: { input: t.arg({ type: RegisterStreamsInput, required: true, description: 'The streams.' }) },
    async resolve(_root, { input: { streams } }, context) {
      if (streams.length === 0 || streams.length > MOST)
        throw new MienError('BAD_INPUT', `Give 1 to ${MOST} \`streams\`, and others in another call.`);
      return { results: await mapConcurrently(streams, AT_ONCE, (input) => registerOne(input, context)) };
    },
  }),
}));

async function register(
  input: typeof RegisterStreamInput.$inferInput,
  context: Context,
): Promise<Registered> {
  const { push } = input.source;
  // Before there is a stream that nobody could send to; of one that is there already the address stays as it is.
  const admit = async () => context.ingestAddresses.assertInFuture(push?.expiresAt ?? null);
  const stream = await toNewStream(input, context.bringDemoClip);
  const registered = await context.streamManager.register(stream, { admit });
  if (push == null || registered.alreadyRegistered) return { ...registered, ingest: null };
  return { ...registered, ingest: await newAddress(registered.id, push.expiresAt ?? null, context) };
}

async function registerOne(input: typeof RegisterStreamInput.$inferInput, context: Context): Promise<Result> {
  const work = () => register(input, context);
  try {
    return { registered: await recordedAs(ONE, { input }, context, work) };
  } catch (error) {
    return { error };
  }
}
