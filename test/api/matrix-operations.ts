/**
 * Every operation of the schema: who may, and what is answered. A new query, mutation or subscription is listed here before the
 * matrix passes.
 */
import { expect } from 'vitest';
import type { Role } from '../../src/domain/access.ts';

/** A stream and a session of it. */
export interface Ids {
  stream: string;
  session: string;
  /** The stream's tag `site`. */
  site: string;
  /** A token, which nobody uses. */
  token: string;
  /** An output of the stream. */
  output: string;
}

/** What there is, and what of it is shown to whoever asks, in the order of registration. */
export interface Asking {
  ids: Ids;
  shown: Ids[];
  isLimited: boolean;
}

export interface Operation {
  /** The least role. */
  least: Role;
  query: string;
  /** Of one stream or session; null: it names none. */
  variables: ((ids: Ids) => Record<string, unknown>) | null;
  /** What those who may are answered. */
  data(asking: Asking): unknown;
  /** What whoever is limited is answered about a hidden one, where that is not what a missing one gives. */
  hidden?: { message: string; code: string };
  /** What whoever is limited is always answered. */
  limited?: { message: string; code: string };
  /** What whoever is limited is given of a hidden one, where that is data. */
  hiddenData?: unknown;
  /** The parts of the system that are asked, in words, where something is changed. */
  does?: (ids: Ids) => string[];
}

const byStream = ({ stream }: Ids) => ({ stream });
const byOutput = ({ output }: Ids) => ({ output });
const bySession = ({ session }: Ids) => ({ session });
const streamsOf = (shown: Ids[]) => shown.map(({ stream }) => ({ id: stream }));
const newestFirst = (shown: Ids[]) => shown.map(({ session }) => ({ id: session })).reverse();

export const OPERATIONS: Record<string, Operation> = {
  'Query.node': {
    least: 'VIEWER',
    query:
      'query ($stream: ID!, $session: ID!) { node(id: $stream) { __typename id } session: node(id: $session) { __typename id } }',
    variables: ({ stream, session }) => ({ stream, session }),
    data: ({ ids }) => ({
      node: { __typename: 'Stream', id: ids.stream },
      session: { __typename: 'Session', id: ids.session },
    }),
  },
  'Query.nodes': {
    least: 'VIEWER',
    query: 'query ($stream: ID!, $session: ID!) { nodes(ids: [$session, $stream]) { __typename id } }',
    variables: ({ stream, session }) => ({ stream, session }),
    data: ({ ids }) => ({
      nodes: [
        { __typename: 'Session', id: ids.session },
        { __typename: 'Stream', id: ids.stream },
      ],
    }),
  },
  'Query.stream': {
    least: 'VIEWER',
    query: `query ($stream: ID!) { stream(id: $stream) { id tags { key } warnings
      latestSession { id stream { id } } sessions { nodes { id } } } }`,
    variables: byStream,
    data: ({ ids: { stream, session } }) => ({
      stream: {
        ...{ id: stream, tags: [{ key: 'site' }], warnings: [] },
        latestSession: { id: session, stream: { id: stream } },
        sessions: { nodes: [{ id: session }] },
      },
    }),
  },
  'Query.streams': {
    least: 'VIEWER',
    query: '{ streams { nodes { id } edges { node { id } } pageInfo { hasNextPage } } }',
    variables: null,
    data: ({ shown }) => ({
      streams: {
        nodes: streamsOf(shown),
        edges: streamsOf(shown).map((node) => ({ node })),
        pageInfo: { hasNextPage: false },
      },
    }),
  },
  'Query.session': {
    least: 'VIEWER',
    query: `query ($session: ID!) { session(id: $session) { id model { id } summary { tracks }
      aggregate(bucket: 1, range: { media: { to: 1 } }) { start } timeline(first: 1) { nodes { seq } } tracks { nodes { number } } episodes { nodes { index } } markers { nodes { name } } } }`,
    variables: bySession,
    data: ({ ids: { session } }) => ({
      session: {
        ...{ id: session, model: { id: 'test@1' }, summary: { tracks: 1 }, aggregate: [{ start: 0 }] },
        ...{
          timeline: { nodes: [{ seq: 0 }] },
          tracks: { nodes: [{ number: 1 }] },
          episodes: { nodes: [{ index: 0 }] },
          markers: { nodes: [{ name: 'stimulus' }] },
        },
      },
    }),
  },
  'Query.sessions': {
    least: 'VIEWER',
    query:
      'query ($stream: ID!) { all: sessions { nodes { id } } sessions(filter: { streamIds: [$stream] }) { nodes { id } } }',
    variables: byStream,
    data: ({ ids, shown }) => ({
      all: { nodes: newestFirst(shown) },
      sessions: { nodes: [{ id: ids.session }] },
    }),
  },
  'Query.aggregate': {
    least: 'VIEWER',
    query: `query ($session: ID!) { all: aggregate(groupBy: [{ by: SESSION }]) { session { id } }
      one: aggregate(filter: { ids: [$session] }) { sessions tracks } }`,
    variables: bySession,
    data: ({ shown }) => ({
      all: shown.map(({ session }) => ({ session: { id: session } })),
      one: [{ sessions: 1, tracks: 1 }],
    }),
  },
  'Query.models': {
    least: 'VIEWER',
    query: '{ models { id } }',
    variables: null,
    data: () => ({ models: [{ id: 'test@1' }] }),
  },
  'Query.capacity': {
    least: 'VIEWER',
    query: '{ capacity { framesPerSecond used asked left } }',
    variables: null,
    data: ({ isLimited }) => ({
      capacity: isLimited
        ? { framesPerSecond: null, used: 0, asked: 0, left: null }
        : { framesPerSecond: expect.any(Number), used: 0, asked: 0, left: expect.any(Number) },
    }),
  },
  'Query.auditLog': {
    least: 'ADMIN',
    query: '{ auditLog(first: 1) { nodes { __typename } } }',
    variables: null,
    data: () => ({ auditLog: { nodes: [{ __typename: 'AuditEntry' }] } }),
  },
  'Query.tokens': {
    least: 'ADMIN',
    query: '{ tokens(last: 1) { nodes { __typename } } }',
    variables: null,
    data: () => ({ tokens: { nodes: [{ __typename: 'AccessToken' }] } }),
  },
  'Query.erasures': {
    least: 'ADMIN',
    query: '{ erasures { nodes { reason sessionIds } } }',
    variables: null,
    data: ({ shown }) => ({
      erasures: {
        nodes: shown.map(({ session }) => ({ reason: 'a test', sessionIds: [session] })).reverse(),
      },
    }),
  },
  'Query.refusedPurposes': {
    least: 'OPERATOR',
    query: '{ refusedPurposes }',
    variables: null,
    data: () => ({ refusedPurposes: ['EDUCATION'] }),
  },
  'Query.mediaFiles': {
    least: 'OPERATOR',
    query: '{ mediaFiles(first: 1) { nodes { path kind } pageInfo { hasNextPage } } }',
    variables: null,
    data: () => ({
      mediaFiles: { nodes: [{ path: 'a.mp4', kind: 'VIDEO' }], pageInfo: { hasNextPage: false } },
    }),
    limited: { message: 'This is for those who are shown all streams.', code: 'FORBIDDEN' },
  },
  'Query.outputs': {
    least: 'OPERATOR',
    query: '{ outputs { nodes { id stream { id outputs { nodes { id } } } } } }',
    variables: null,
    data: ({ shown }) => ({
      outputs: {
        nodes: shown.map(({ output: id, stream }) => ({
          ...{ id, stream: { id: stream, outputs: { nodes: [{ id }] } } },
        })),
      },
    }),
  },
  'Mutation.addOutput': {
    least: 'OPERATOR',
    query:
      'mutation ($stream: ID!) { addOutput(input: { name: "new", streamId: $stream, target: { webhook: { url: "https://8.8.8.8/" } } }) { output { id } secret } }',
    variables: byStream,
    data: ({ ids: { output } }) => ({
      addOutput: { output: { id: output }, secret: expect.stringMatching(/^whsec_/) },
    }),
    does: ({ stream }) => [`add an output of ${stream}`],
  },
  'Mutation.updateOutput': {
    least: 'OPERATOR',
    query:
      'mutation ($output: ID!) { updateOutput(input: { id: $output, enabled: true }) { output { id } } }',
    variables: byOutput,
    data: ({ ids: { output } }) => ({ updateOutput: { output: { id: output } } }),
    does: ({ output }) => [`change ${output}`],
  },
  'Mutation.testOutput': {
    least: 'OPERATOR',
    query: 'mutation ($output: ID!) { testOutput(input: { id: $output }) { ok message output { id } } }',
    variables: byOutput,
    data: ({ ids: { output } }) => ({ testOutput: { ok: true, message: 'a test', output: { id: output } } }),
    does: ({ output }) => [`try ${output}`],
  },
  'Mutation.removeOutput': {
    least: 'OPERATOR',
    query: 'mutation ($output: ID!) { removeOutput(input: { id: $output }) { removedOutputId } }',
    variables: byOutput,
    data: ({ ids: { output } }) => ({ removeOutput: { removedOutputId: output } }),
    does: ({ output }) => [`remove ${output}`],
  },
  'Mutation.erase': {
    least: 'ADMIN',
    query:
      'mutation ($session: ID!) { erase(input: { target: { session: $session }, reason: "a test" }) { erasure { sessionIds } } }',
    variables: bySession,
    data: ({ ids: { session } }) => ({ erase: { erasure: { sessionIds: [session] } } }),
    does: ({ session }) => [`erase ${session}`],
  },
  'Mutation.createToken': {
    least: 'ADMIN',
    query:
      'mutation { createToken(input: { name: "new", role: VIEWER }) { secret token { name role streams { key } } } }',
    variables: null,
    data: () => ({
      createToken: {
        secret: expect.stringMatching(/^mien_[\w-]{43}$/),
        token: { name: 'new', role: 'VIEWER', streams: null },
      },
    }),
    does: () => ['make a token'],
  },
  'Mutation.revokeToken': {
    least: 'ADMIN',
    query: 'mutation ($token: ID!) { revokeToken(input: { id: $token }) { token { id } } }',
    variables: ({ token }) => ({ token }),
    data: ({ ids: { token } }) => ({ revokeToken: { token: { id: token } } }),
    does: ({ token }) => [`revoke ${token}`],
  },
  'Mutation.registerStream': {
    least: 'OPERATOR',
    query:
      'mutation ($input: RegisterStreamInput!) { registerStream(input: $input) { alreadyRegistered session { id } stream { id tags { key } latestSession { id } } } }',
    variables: ({ stream, site }) => ({
      input: {
        ...{ name: stream, source: { file: 'a.mp4' }, purpose: 'RESEARCH' },
        tags: [{ key: 'site', value: site }],
      },
    }),
    data: ({ ids: { stream, session } }) => ({
      registerStream: {
        alreadyRegistered: false,
        session: { id: session },
        stream: { id: stream, tags: [{ key: 'site' }], latestSession: { id: session } },
      },
    }),
    hidden: {
      message: 'You are shown the streams tagged site=lab only: give this one these `tags`, too.',
      code: 'FORBIDDEN',
    },
    does: ({ stream }) => [`register ${stream}`],
  },
  'Mutation.startStream': {
    least: 'OPERATOR',
    query: 'mutation ($stream: ID!) { startStream(input: { id: $stream }) { stream { id } session { id } } }',
    variables: byStream,
    data: ({ ids: { stream, session } }) => ({
      startStream: { stream: { id: stream }, session: { id: session } },
    }),
    does: ({ stream }) => [`start ${stream}`],
  },
  'Mutation.renewIngestAddress': {
    least: 'OPERATOR',
    query:
      'mutation ($stream: ID!) { renewIngestAddress(input: { streamId: $stream }) { stream { id } ingest { url webSocketUrl expiresAt } } }',
    variables: byStream,
    data: ({ ids: { stream } }) => ({
      renewIngestAddress: {
        stream: { id: stream },
        ingest: {
          url: expect.stringMatching(/^http:.*\/ingest\/secret$/),
          webSocketUrl: expect.stringMatching(/^ws:.*\/ingest\/secret$/),
          expiresAt: null,
        },
      },
    }),
    does: ({ stream }) => [`renew the address of ${stream}`],
  },
  'Mutation.stopStream': {
    least: 'OPERATOR',
    query: 'mutation ($stream: ID!) { stopStream(input: { id: $stream }) { stream { id } session { id } } }',
    variables: byStream,
    data: ({ ids: { stream, session } }) => ({
      stopStream: { stream: { id: stream }, session: { id: session } },
    }),
    does: ({ stream }) => [`stop ${stream}`],
  },
  'Mutation.removeStream': {
    least: 'OPERATOR',
    query: 'mutation ($stream: ID!) { removeStream(input: { id: $stream }) { removedStreamId } }',
    variables: byStream,
    data: ({ ids: { stream } }) => ({ removeStream: { removedStreamId: stream } }),
    does: ({ stream }) => [`remove ${stream}`],
  },
  'Mutation.registerStreams': {
    least: 'OPERATOR',
    query:
      'mutation ($input: RegisterStreamsInput!) { registerStreams(input: $input) { results { registered { stream { id } } problem { code } } } }',
    variables: ({ stream, site }) => ({
      input: {
        streams: [
          {
            ...{ name: stream, source: { file: 'a.mp4' }, purpose: 'RESEARCH' },
            tags: [{ key: 'site', value: site }],
          },
        ],
      },
    }),
    data: ({ ids: { stream } }) => ({
      registerStreams: { results: [{ registered: { stream: { id: stream } }, problem: null }] },
    }),
    hiddenData: {
      registerStreams: { results: [{ registered: null, problem: { code: 'FORBIDDEN' } }] },
    },
    does: ({ stream }) => [`register ${stream}`],
  },
  'Mutation.updateStream': {
    least: 'OPERATOR',
    query:
      'mutation ($input: UpdateStreamInput!) { updateStream(input: $input) { stream { id } atNextSession } }',
    variables: ({ stream }) => ({ input: { id: stream, name: 'door', retention: null } }),
    data: ({ ids: { stream } }) => ({ updateStream: { stream: { id: stream }, atNextSession: [] } }),
    does: ({ stream }) => [`change name,retention of ${stream}`],
  },
  'Mutation.updateSession': {
    least: 'OPERATOR',
    query:
      'mutation ($session: ID!) { updateSession(input: { id: $session, notes: "x" }) { session { id } } }',
    variables: bySession,
    data: ({ ids: { session } }) => ({ updateSession: { session: { id: session } } }),
    does: ({ session }) => [`describe ${session} by notes`],
  },
  'Mutation.addMarkers': {
    least: 'OPERATOR',
    query: `mutation ($session: ID!) { addMarkers(input: { id: $session, markers: [{ name: "stimulus", time: 1 }] }) {
      added markers { name time session { id } } session { id } } }`,
    variables: bySession,
    data: ({ ids: { session } }) => ({
      addMarkers: {
        ...{ added: 1, session: { id: session } },
        markers: [{ name: 'stimulus', time: 1, session: { id: session } }],
      },
    }),
    does: ({ session }) => [`mark ${session} by stimulus`],
  },
  'Mutation.removeMarkers': {
    least: 'OPERATOR',
    query:
      'mutation ($session: ID!) { removeMarkers(input: { id: $session, markers: [{ name: "stimulus" }] }) { removed session { id } } }',
    variables: bySession,
    data: ({ ids: { session } }) => ({ removeMarkers: { removed: 1, session: { id: session } } }),
    does: ({ session }) => [`unmark ${session} by stimulus`],
  },
  'Mutation.removeSession': {
    least: 'OPERATOR',
    query: 'mutation ($session: ID!) { removeSession(input: { id: $session }) { removedSessionId } }',
    variables: bySession,
    data: ({ ids: { session } }) => ({ removeSession: { removedSessionId: session } }),
    does: ({ session }) => [`erase ${session}`],
  },
  'Subscription.frameEmotions': {
    least: 'VIEWER',
    query:
      'subscription ($stream: ID) { frameEmotions(streamId: $stream) { sessionId skippedBefore faces { track } } }',
    variables: byStream,
    data: ({ ids }) => ({
      frameEmotions: { sessionId: ids.session, skippedBefore: 0, faces: [{ track: 1 }] },
    }),
  },
  'Subscription.streamStatus': {
    least: 'VIEWER',
    query: 'subscription ($stream: ID) { streamStatus(streamId: $stream) { streamId state session { id } } }',
    variables: byStream,
    data: ({ ids: { stream, session } }) => ({
      streamStatus: { streamId: stream, state: 'RUNNING', session: { id: session } },
    }),
  },
  'Subscription.aggregateUpdates': {
    least: 'VIEWER',
    query: 'subscription ($session: ID!) { aggregateUpdates(sessionId: $session, bucket: 1) { sessionId } }',
    variables: bySession,
    data: ({ ids: { session } }) => ({ aggregateUpdates: { sessionId: session } }),
  },
  'Subscription.expressionEpisodes': {
    least: 'VIEWER',
    query:
      'subscription ($session: ID!) { expressionEpisodes(sessionId: $session) { kind skippedBefore episode { index } } }',
    variables: bySession,
    data: () => ({
      expressionEpisodes: { kind: 'ONSET', skippedBefore: 0, episode: { index: 0 } },
    }),
  },
};
