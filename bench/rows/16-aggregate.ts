/**
 * A hundred sessions of an hour, ten of each of ten streams in two rooms, one face at ten frames a second: `Query.aggregate`
 * over HTTP, from the request to the read answer with all it tells of shares, seconds, means and confidence intervals, in
 * milliseconds; each that rollups answer under 100 ms on PostgreSQL.
 */
import { createRecordingQueries } from '../../src/cli/serve/recording-queries.ts';
import type { Store } from '../../src/store/index.ts';
import { ROLLUP_SPANS } from '../../src/store/sql/rollup-spans.ts';
import type { Row, RowOptions } from '../harness.ts';
import { openBareApi } from '../parts/bare-api.ts';
import { makeMoment } from '../parts/moments.ts';
import { limited, recorded } from '../parts/results.ts';
import { createSession, openStoreAt, postgresLocation } from '../parts/stores.ts';

export const row: Row = {
  name: 'aggregate',
  measures: 'milliseconds to aggregate a hundred sessions of an hour, over HTTP',
  run,
};

const STREAMS = 10;
const SESSIONS_EACH = 10;
const HOUR = 3600;
const LIMIT_MS = 100;
const ROOMS = ['east', 'west'];

/** `readsMoments`: parts of seconds, which no rollup tells; the limit is not of these. */
const CASES = [
  { name: 'in one group', args: '' },
  { name: 'by room', args: '(groupBy: [{ by: TAG, key: "room" }])' },
  { name: 'by session', args: '(groupBy: [{ by: SESSION }])' },
  { name: 'in 1 min buckets', args: '(bucket: 60)' },
  { name: 'by day', args: '(groupBy: [{ by: DAY }], timeZone: "Europe/Berlin")' },
  {
    name: 'the first half hour by stream',
    args: '(groupBy: [{ by: STREAM }], filter: { range: { media: { to: 1800 } } })',
  },
  {
    name: 'the minute around a marker, in 5 s',
    args: '(bucket: 5, align: { at: MARKER, marker: "stimulus", from: -10, to: 50 })',
    readsMoments: true,
  },
  {
    name: 'the minute around a marker, in 1 s',
    args: '(bucket: 1, align: { at: MARKER, marker: "stimulus", from: -10, to: 40 })',
    readsMoments: true,
  },
];
/** Where each session is marked, within a second, and the moments around that are kept: others are asked for by sums alone. */
const MARKER = 600.37;
const AROUND = 60;

const QUERY = (
  args: string,
) => `{ aggregate${args} { ...sums tracks tags { key value } buckets { start end ...sums } } }
  fragment sums on SessionsAggregate { sessions seconds frames faces abstained coverage coveredSeconds valence arousal quality
    dropped { reason frames } expressions { expression share seconds } probabilities { expression probability }
    perSession { valence { ...estimate } coverage { ...estimate } expressions { expression share { ...estimate } } } }
  fragment estimate on Estimate { n mean standardDeviation confidenceInterval { low high } }`;

async function* run({ quick, leftOut }: RowOptions) {
  const location = await postgresLocation(leftOut);
  if (!location) return;
  const store = await openStoreAt(location);
  await fill(store);
  const api = await openBareApi({ prisma: store.prisma, recordings: createRecordingQueries(store) });
  for (const { name, args, readsMoments } of CASES) {
    const times: number[] = [];
    // The first ones are not counted: plans and code are warm where somebody asks more than once.
    for (let round = quick ? 0 : -5; round < (quick ? 3 : 25); round++) {
      const ms = await ask(api.port, QUERY(args));
      if (round >= 0) times.push(ms);
    }
    const head = { row: 'aggregate', case: name, unit: 'ms' };
    yield readsMoments ? recorded(head, times) : limited(head, times, LIMIT_MS);
  }
  await api.close();
  await store.close();
  await location.remove();
}

async function ask(port: number, query: string): Promise<number> {
  const began = performance.now();
  const response = await fetch(`http://127.0.0.1:${port}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query }),
  });
  const { data, errors } = (await response.json()) as {
    data?: { aggregate: { sessions: number }[] | null };
    errors?: unknown;
  };
  const passed = performance.now() - began;
  const sessions = data?.aggregate?.reduce((sum, group) => sum + group.sessions, 0);
  // A session that lasts over midnight is in two days.
  if (sessions === undefined || sessions < STREAMS * SESSIONS_EACH)
    throw new Error(`of ${sessions} sessions: ${JSON.stringify(errors)}`);
  return passed;
}

/** What commits of that hour would have left. */
async function fill(store: Store): Promise<void> {
  for (let at = 0; at < STREAMS; at++) {
    const first = await createSession(store, { room: ROOMS[at % ROOMS.length]! });
    await store.sessions.setState(first.id, 'ENDED');
    for (let number = 1; number < SESSIONS_EACH; number++) {
      const { id } = await store.sessions.create({ streamId: first.streamId, modelId: first.modelId });
      await store.sessions.setState(id, 'ENDED');
    }
  }
  await store.prisma.session.updateMany({ data: { mediaStart: 0, mediaEnd: HOUR, state: 'ENDED' } });
  // One behind the other, so that some last over midnight.
  await store.prisma.$executeRawUnsafe(
    `UPDATE session SET started_at = timestamptz '2026-05-01T00:30Z' + ordinal * interval '80 minutes'`,
  );
  await fillMoments(store);
  for (const span of ROLLUP_SPANS) {
    const frames = `(least(${span}, ${HOUR} - s) * 10)::bigint`;
    const label = (of: number) => `CASE WHEN n.ordinal % 3 + 1 = ${of} THEN ${frames} ELSE 0 END`;
    await store.prisma.$executeRawUnsafe(`INSERT INTO rollup (session_id, span, track, second, frames, dropped_busy, dropped_worker,
        dropped_store, covered, durations, readings, abstained, labels, probabilities, valence, arousal, quality,
        first_seq, started_at, ended_at)
      SELECT n.id, ${span}, track, s, ${frames}, 0, 0, 0, ${frames} * 100000,
        ARRAY[${[1, 2, 3, 4, 5, 6, 7, 8].map((of) => `(${label(of)}) * 100000`)}], ${frames}, 0,
        ARRAY[${[1, 2, 3, 4, 5, 6, 7, 8].map(label)}]::int[], array_fill(${frames} * 12500, ARRAY[8]),
        ${frames} * (n.ordinal % 7) * 10000, ${frames} * 5000, ${frames} * 90000,
        s * 10, n.started_at + s * interval '1 second', n.started_at + least(s + ${span}, ${HOUR}) * interval '1 second' - interval '100 ms'
      FROM session AS n, generate_series(0, ${HOUR - 1}, ${span}) AS s, unnest(ARRAY[0, 1]) AS track`);
  }
  await store.prisma.$executeRawUnsafe(`INSERT INTO track (session_id, track, first_seen, last_seen, readings,
      started_at, ended_at)
    SELECT id, 1, 0, ${HOUR}, ${HOUR * 10}, started_at, started_at + interval '1 hour' FROM session`);
  // As autovacuum would, in time.
  await store.prisma.$executeRawUnsafe('VACUUM (ANALYZE)');
}

/** Without what they sum up to. */
async function fillMoments(store: Store): Promise<void> {
  const sessions = await store.prisma.session.findMany({ select: { id: true, startedAt: true } });
  const first = Math.floor(MARKER - AROUND) * 10;
  for (const { id, startedAt } of sessions) {
    const seqs = Array.from({ length: 2 * AROUND * 10 }, (_, at) => first + at);
    await Promise.all(seqs.map((seq) => store.moments.append(makeMoment(id, seq, startedAt.getTime()), [])));
    await store.sessions.mark(id, [{ name: 'stimulus', when: { media: MARKER } }]);
  }
  await store.prisma.$executeRawUnsafe('TRUNCATE rollup, track');
  await store.prisma.session.updateMany({ data: { mediaStart: 0, mediaEnd: HOUR } });
}
