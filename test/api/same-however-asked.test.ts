/** Fifty generated sessions tell the same, however they are asked. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { BoundedQueue } from '../../src/bus/index.ts';
import { EXPRESSIONS } from '../../src/domain/face.ts';
import type { LiveEventOf } from '../../src/domain/live-event.ts';
import type { Moment } from '../../src/domain/moment.ts';
import { type RowOptions, rowFormat } from '../../src/tables/row-format.ts';
import { rowsOf } from '../../src/tables/rows.ts';
import { withDurations } from '../../src/tables/with-durations.ts';
import { generateSession, type Script, sourceOf } from './generated-sessions.ts';
import { ask, until } from './harness.ts';
import { openWorld, UNITS, type World } from './world.ts';

type Pushed = LiveEventOf<'moment' | 'episode'>;

const COUNT = 50;
const BUCKETS = [1000, 7000, 60_000];
const scripts = Array.from({ length: COUNT }, (_, seed) => generateSession(seed + 1));
let world: World;
let pushed: Pushed[];
const sessions = new Map<Script, string>();

beforeAll(async () => {
  world = await openWorld(sourceOf(scripts));
  pushed = listen(world.bus.subscribe(['moment', 'episode'], {}, { capacity: 1_000_000 }));
  const register = `mutation ($input: RegisterStreamInput!) { registerStream(input: $input) { stream { id } } }`;
  await Promise.all(
    scripts.map(async ({ name, live, frameRate }) => {
      const source = live ? { url: `rtsp://camera/${name}` } : { file: name };
      const input = { name, source, purpose: 'RESEARCH', frameRate, ...(live ? {} : { realtime: false }) };
      const { errors } = await ask(world.url, register, { input });
      if (errors) throw new Error(JSON.stringify(errors));
    }),
  );
  const latest = `{ streams(first: 100) { nodes { name latestSession { id state } } } }`;
  let nodes: { name: string; latestSession: { id: string; state: string } }[] = [];
  await until(async () => {
    nodes = (await ask(world.url, latest)).data.streams.nodes;
    return nodes.every(({ latestSession }) => ['ENDED', 'FAILED'].includes(latestSession?.state));
  }, 'all sessions ended');
  for (const script of scripts) {
    sessions.set(script, nodes.find(({ name }) => name === script.name)!.latestSession.id);
  }
}, 120_000);
afterAll(() => world.close());

function listen(queue: BoundedQueue<Pushed>): Pushed[] {
  const events: Pushed[] = [];
  void (async () => {
    for (let taken = await queue.take(); taken !== null; taken = await queue.take()) events.push(taken.event);
  })();
  return events;
}

it.each(scripts.map((script) => [script.title, script] as const))(
  '%s tells the same however it is asked',
  async (_, script) => {
    const id = sessions.get(script)!;
    const moments = await timelineOf(id);
    expect(pushedOf(id)).toEqual(moments);
    const last = moments.at(-1)!;
    const recorded = await expectTheSame(id, moments, script.openings[0]![0]!.mediaTime);
    const { summary, episodes } = recorded;
    // Rounded to the millisecond.
    expect(summary.seconds + 0.0005).toBeGreaterThanOrEqual(last.mediaTime - moments[0]!.mediaTime);
    expect(summary.seconds).toBeCloseTo(summary.end - summary.start, 3);
    if (script.duration !== null) expect(summary.end).toBeLessThanOrEqual(script.duration + 1e-6);
    if (script.loops > 1) expectPlaces(moments, script);
    expect(episodes).toEqual(episodesPushed(id));
    const { busy = 0, worker = 0, store = 0, source = 0 } = dropsOf(summary);
    expect({ busy, given: summary.frames + worker + store }).toEqual(script.counts);
    expect(source).toBe(moments.reduce((sum, { dropped }) => sum + (dropped.source ?? 0), 0));
  },
);

/** Some of them: each erasure writes the tables of the embedded database anew. */
const ERASED = scripts.filter((_, at) => at % 5 === 0);

it.each(ERASED.map((script) => [script.title, script] as const))(
  '%s tells the same however it is asked after a track and a stretch of it were erased',
  async (_, script) => {
    const id = sessions.get(script)!;
    const start = script.openings[0]![0]!.mediaTime;
    const before = await timelineOf(id);
    const { episodes } = await expectTheSame(id, before, start);
    const track = tracksIn(before).at(-1)!;
    expect((await erase({ track: { sessionId: id, track } })).erased.tracks).toBe(1);
    const others = before.map((moment) => ({
      ...moment,
      faces: moment.faces.filter((face) => face.track !== track),
    }));
    expect(await timelineOf(id)).toEqual(others);
    const withoutTrack = await expectTheSame(id, others, start);
    expect(withoutTrack.episodes).toEqual(episodes.filter((each: Answer) => each.track !== track));

    const [first, last] = [others.length >> 2, (3 * others.length) >> 2];
    const [from, to] = [others[first]!.mediaTime, others[last]!.mediaTime + 0.0005];
    const range = { sessionId: id, mediaFrom: from, mediaTo: to };
    expect((await erase({ range })).erased.moments).toBe(last - first + 1);
    const next = { ...others[last + 1]!, previousDuration: others[first]!.previousDuration };
    const left = [...others.slice(0, first), next, ...others.slice(last + 2)];
    expect(await timelineOf(id)).toEqual(left);
    const end = (at: number) => others[at]!.mediaTime + others[at + 1]!.previousDuration;
    const gone = { start: end(first - 1), end: end(last) };
    const { summary, ...after } = await expectTheSame(id, left, start, gone);
    expect(summary.erasedSeconds).toBeCloseTo(gone.end - gone.start, 3);
    expect(after.episodes).toEqual(
      withoutTrack.episodes.filter(({ onset, offset }: Answer) => onset >= gone.end || offset < gone.start),
    );
  },
);

const NOWHERE = { start: 0, end: 0 };

/** @param told its timeline @param start where its source began @param gone what was erased of it @returns what was told */
async function expectTheSame(
  id: string,
  told: readonly Moment[],
  start: number,
  gone: Stretch = NOWHERE,
): Promise<Answer> {
  const asked = some(tracksIn(told));
  const recorded = await recordedOf(id, asked);
  const { summary, tracks, episodes: _, ...aggregates } = recorded;
  // No moment stands beyond the end.
  const last = told.at(-1)!;
  const moments = [...told.slice(0, -1), { ...last, untilEnd: summary.end - last.mediaTime }];
  const byHand = sumByHand(moments);
  expect(fromSummary(summary)).toEqual(closeTo(byHand));
  const seconds = (value: number) => expect.closeTo(value, -Math.log10(2 * 0.002));
  expect(summary.coverage * summary.seconds).toEqual(seconds(Math.min(summary.seconds, byHand.covered)));
  const source = { start, end: start + summary.seconds + summary.erasedSeconds };
  for (const bucket of BUCKETS) {
    const buckets = aggregates[`of${bucket}`];
    expect(addUp(buckets)).toEqual(closeTo(byHand, buckets.length));
    for (const bucket of buckets) {
      const elapsed = overlap(bucket, source) - overlap(bucket, gone);
      expect(bucket.coverage * elapsed).toEqual(seconds(Math.min(elapsed, bucket.coveredSeconds)));
    }
    expect(buckets.map(timesOf)).toEqual(timesByHand(moments, buckets));
  }
  expect(tracks.map(({ track }: { track: number }) => track)).toEqual(tracksIn(moments));
  for (const { track, firstSeen, lastSeen, readings } of tracks) {
    const own = moments.filter(({ faces }) => faces.some((face) => face.track === track));
    expect([firstSeen, lastSeen, readings]).toEqual([own[0]!.mediaTime, own.at(-1)!.mediaTime, own.length]);
  }
  for (const track of asked) {
    const buckets = aggregates[`track${track}`];
    expect(addUp(buckets)).toEqual(closeTo(sumByHand(moments, track), buckets.length));
    expect(buckets.map(timesOf)).toEqual(timesByHand(moments, buckets, track));
  }
  expect(fromCsv(await csvOf(moments), moments)).toEqual(closeTo(byHand));
  return recorded;
}

async function erase(input: object): Promise<Answer> {
  const mutation = `mutation ($input: EraseTargetInput!) { erase(input: { target: $input, reason: "asked for" }) { erasure {
    finishedAt erased { moments tracks } } } }`;
  const { data, errors } = await ask(world.url, mutation, { input });
  if (errors) throw new Error(JSON.stringify(errors));
  expect(data.erase.erasure.finishedAt).not.toBeNull();
  return data.erase.erasure;
}

it('among them are drops of each reason, holes, outages, cuts, loops and several faces', async () => {
  const moments = pushed.flatMap((event) => (event.kind === 'moment' ? [event.moment] : []));
  const reasons = new Set(moments.flatMap(({ dropped }) => Object.keys(dropped)));
  expect([...reasons].sort()).toEqual(['busy', 'source', 'store', 'worker']);
  expect(moments.some(({ cut }) => cut)).toBe(true);
  expect(moments.some(({ faces }) => faces.length > 1)).toBe(true);
  expect(scripts.some(({ openings }) => openings.length > 1)).toBe(true);
  expect(scripts.some(({ loops }) => loops > 1)).toBe(true);
  expect(scripts.some(({ duration }) => duration !== null)).toBe(true);
  expect(pushed.some((event) => event.kind === 'episode' && event.event.kind === 'OFFSET')).toBe(true);
});

/** Each moment tells where in the clip its frame lies, in whatever pass. */
function expectPlaces(moments: readonly Moment[], { pass, openings }: Script): void {
  const passes = new Set<number>();
  for (const { mediaTime, loop } of moments) {
    expect(Math.abs(loop!.pass * pass + loop!.sourceTime - mediaTime)).toBeLessThan(0.001);
    expect(Math.abs(loop!.sourceTime - openings[0]![0]!.mediaTime - pass / 2)).toBeLessThan(pass / 2 + 1e-6);
    passes.add(loop!.pass);
  }
  expect([...passes]).toEqual([0, 1, 2]);
}

/** What can be counted in any answer; means are over readings, durations in seconds. */
interface Sums {
  frames: number;
  faces: number;
  abstained: number;
  labels: number[];
  durations: number[];
  covered: number;
  valence: number | null;
  happiness: number | null;
}

function sumByHand(moments: readonly Moment[], track?: number): Sums {
  const sums = { frames: 0, faces: 0, abstained: 0, labels: zeros(), durations: zeros(), covered: 0 };
  let [valence, happiness] = [0, 0];
  for (const [at, { faces, previousDuration, untilEnd }] of moments.entries()) {
    const duration = moments[at + 1]?.previousDuration ?? Math.min(previousDuration, untilEnd!);
    const own = faces.filter((face) => track === undefined || face.track === track);
    if (track !== undefined && own.length === 0) continue;
    sums.frames += 1;
    sums.covered += duration;
    for (const face of own) {
      sums.faces += 1;
      valence += face.valence;
      happiness += face.probabilities[1]!;
      if (face.expression === null) sums.abstained += 1;
      else {
        sums.labels[EXPRESSIONS.indexOf(face.expression)]! += 1;
        sums.durations[EXPRESSIONS.indexOf(face.expression)]! += duration;
      }
    }
  }
  const mean = (sum: number) => (sums.faces === 0 ? null : sum / sums.faces);
  return { ...sums, valence: mean(valence), happiness: mean(happiness) };
}
const zeros = () => EXPRESSIONS.map(() => 0);

interface Stretch {
  start: number;
  end: number;
}
const overlap = (one: Stretch, other: Stretch) =>
  Math.max(0, Math.min(one.end, other.end) - Math.max(one.start, other.start));

/** What of the time of each bucket is covered, and by which expression: of each moment as much as lies in the bucket. */
function timesByHand(moments: readonly Moment[], buckets: readonly Stretch[], track?: number) {
  return buckets.map((bucket) => {
    const times = { covered: 0, durations: zeros() };
    for (const [at, { mediaTime, faces, previousDuration, untilEnd }] of moments.entries()) {
      const end = mediaTime + (moments[at + 1]?.previousDuration ?? Math.min(previousDuration, untilEnd!));
      const time = overlap(bucket, { start: mediaTime, end });
      const own = faces.filter((face) => track === undefined || face.track === track);
      if (track === undefined || own.length > 0) times.covered += time;
      for (const { expression } of own)
        if (expression) times.durations[EXPRESSIONS.indexOf(expression)]! += time;
    }
    const seconds = (value: number) => expect.closeTo(value, -Math.log10(2 * 0.001));
    return { covered: seconds(times.covered), durations: times.durations.map(seconds) };
  });
}
const timesOf = ({ coveredSeconds, expressions }: Answer) => ({
  covered: coveredSeconds,
  durations: expressions.map(({ seconds }: Answer) => seconds),
});

/** Counts are equal; seconds to a millisecond, and half of one for each further part that was rounded; means to five digits. */
function closeTo(sums: Sums, parts = 1) {
  const within = (most: number) => (value: number) => expect.closeTo(value, -Math.log10(2 * most));
  const seconds = within(0.001 + 0.0005 * (parts - 1));
  const mean = (value: number | null) => value && within(0.00001)(value);
  return {
    ...sums,
    durations: sums.durations.map(seconds),
    covered: seconds(sums.covered),
    valence: mean(sums.valence),
    happiness: mean(sums.happiness),
  };
}

// biome-ignore lint/suspicious/noExplicitAny: answers of the API
type Answer = any;
function fromSummary(answer: Answer): Sums {
  const { frames, faces, abstained, expressions, coveredSeconds, valence, probabilities } = answer;
  return {
    ...{ frames, faces, abstained, covered: coveredSeconds, valence },
    labels: expressions.map(({ share }: Answer) => Math.round(share * faces)),
    durations: expressions.map(({ seconds }: Answer) => seconds),
    happiness: probabilities?.[1].probability ?? null,
  };
}

function addUp(buckets: readonly Answer[]): Sums {
  const all = buckets.map(fromSummary);
  const sum = (value: (one: Sums) => number) => all.reduce((total, one) => total + value(one), 0);
  const faces = sum((one) => one.faces);
  const mean = (value: (one: Sums) => number | null) =>
    faces === 0 ? null : sum((one) => (value(one) ?? 0) * one.faces) / faces;
  return {
    ...{ frames: sum((one) => one.frames), faces, abstained: sum((one) => one.abstained) },
    labels: EXPRESSIONS.map((_, at) => sum((one) => one.labels[at]!)),
    durations: EXPRESSIONS.map((_, at) => sum((one) => one.durations[at]!)),
    covered: sum((one) => one.covered),
    ...{ valence: mean((one) => one.valence), happiness: mean((one) => one.happiness) },
  };
}

/** In one request: on the embedded database most of the time goes into statements. */
async function recordedOf(id: string, tracks: readonly number[]): Promise<Answer> {
  const query = `query ($id: ID!) { session(id: $id) {
    summary { ...sums start end seconds erasedSeconds tracks }
    tracks(first: 1000) { nodes { track: number firstSeen lastSeen readings } }
    episodes(first: 1000) { nodes { index track: trackNumber expression onset apex offset peak startedAt endedAt } }
    ${BUCKETS.map((bucket) => `of${bucket}: aggregate(bucket: ${bucket / 1000}) { start end ...sums }`).join('\n')}
    ${tracks.map((track) => `track${track}: aggregate(bucket: 7, track: ${track}) { start end ...sums }`).join('\n')} } }
    fragment sums on ExpressionAggregate { frames faces abstained coverage coveredSeconds valence dropped { reason frames }
      expressions { share seconds } probabilities { expression probability } }`;
  const { data, errors } = await ask(world.url, query, { id });
  if (errors) throw new Error(JSON.stringify(errors));
  const { tracks: faces, episodes, ...rest } = data.session;
  // Times come as text.
  const timed = episodes.nodes.map(({ startedAt, endedAt, ...episode }: Answer) => ({
    ...episode,
    startedAt: new Date(startedAt),
    endedAt: endedAt && new Date(endedAt),
  }));
  return { ...rest, tracks: faces.nodes, episodes: timed };
}

/** Three at most, the first and the last among them. */
const some = (tracks: readonly number[]) => [
  ...new Set([tracks[0]!, tracks[tracks.length >> 1]!, tracks.at(-1)!].slice(0, tracks.length)),
];

/** By its pages, in the form of the domain. */
async function timelineOf(id: string): Promise<Moment[]> {
  const query = `query ($id: ID!, $after: String) { session(id: $id) { timeline(first: 200, after: $after) {
    pageInfo { hasNextPage endCursor }
    nodes { seq mediaTime loopIndex sourceTime previousDuration cut dropped { reason frames }
      faces { track expression valence probabilities { probability } } } } } }`;
  const moments: Moment[] = [];
  for (let after: string | null = null; ; ) {
    const { data, errors }: Answer = await ask(world.url, query, { id, after });
    if (errors) throw new Error(JSON.stringify(errors));
    const { pageInfo, nodes } = data.session.timeline;
    for (const { dropped, faces, loopIndex, sourceTime, ...node } of nodes) {
      moments.push({
        ...node,
        loop: loopIndex === null ? undefined : { pass: loopIndex, sourceTime },
        dropped: Object.fromEntries(
          dropped.map(({ reason, frames }: Answer) => [reason.toLowerCase(), frames]),
        ),
        faces: faces.map((face: Answer) => ({
          ...face,
          probabilities: face.probabilities.map(({ probability }: Answer) => probability),
        })),
      });
    }
    if (!pageInfo.hasNextPage) return moments;
    after = pageInfo.endCursor;
  }
}

/** As much of the moments that were pushed as the timeline was asked for. */
function pushedOf(id: string): Answer[] {
  return pushed.flatMap((event) => {
    if (event.kind !== 'moment' || event.moment.sessionId !== id) return [];
    const { seq, mediaTime, loop, previousDuration, cut, dropped, faces } = event.moment;
    const shown = faces.map(({ track, expression, valence, probabilities }) => {
      return { track, expression, valence, probabilities };
    });
    return [{ seq, mediaTime, loop, previousDuration, cut, dropped, faces: shown }];
  });
}

function episodesPushed(id: string): Answer[] {
  const newest = new Map<number, Answer>();
  for (const event of pushed) {
    if (event.kind !== 'episode' || event.event.episode.sessionId !== id) continue;
    const { sessionId: _, ...episode } = event.event.episode;
    newest.set(episode.index, episode);
  }
  return [...newest.values()].sort((a, b) => a.index - b.index);
}

const tracksIn = (moments: readonly Moment[]) =>
  [...new Set(moments.flatMap(({ faces }) => faces.map(({ track }) => track)))].sort((a, b) => a - b);

function dropsOf({ dropped }: Answer): Record<string, number> {
  return Object.fromEntries(dropped.map(({ reason, frames }: Answer) => [reason.toLowerCase(), frames]));
}

const CSV: RowOptions = { format: 'csv', bom: false, escapeFormulas: true };

async function csvOf(moments: readonly Moment[]): Promise<string> {
  const format = rowFormat(CSV, UNITS);
  let text = format.head;
  const whole = { box: { x: 0, y: 0, width: 1, height: 1 }, pose: {}, quality: { score: 1, issues: [] } };
  const rows = withDurations(async (moment, duration, size: { width: number; height: number }) => {
    const faces = moment.faces.map((face) => ({
      ...{ ...whole, rawProbabilities: [], actionUnits: [], landmarks: [] },
      ...face,
    }));
    const filled = { ...moment, faces } as unknown as Moment;
    text += rowsOf('clip', filled, duration, size, UNITS).map(format.text).join('');
  });
  for (const moment of moments) await rows.add(moment, { width: 6, height: 4 });
  await rows.end();
  return text;
}

function fromCsv(text: string, moments: readonly Moment[]): Sums {
  const [head, ...lines] = text.trimEnd().split('\n');
  const names = head!.split(',');
  const rows = lines.map((line) => Object.fromEntries(line.split(',').map((cell, at) => [names[at]!, cell])));
  const frames = new Map(rows.map((row) => [row.seq, row]));
  expect(frames.size).toBe(moments.length);
  const seen = rows.filter(({ faces }) => faces !== '0');
  const ofLabel = (label: string) => seen.filter(({ expression }) => expression === label);
  const total = (some: readonly Record<string, string>[], column: string) =>
    some.reduce((sum, row) => sum + Number(row[column]), 0);
  return {
    ...{ frames: frames.size, faces: seen.length, abstained: ofLabel('').length },
    labels: EXPRESSIONS.map((label) => ofLabel(label).length),
    durations: EXPRESSIONS.map((label) => total(ofLabel(label), 'duration')),
    covered: total([...frames.values()], 'duration'),
    valence: seen.length === 0 ? null : total(seen, 'valence') / seen.length,
    happiness: seen.length === 0 ? null : total(seen, 'probabilities.HAPPINESS') / seen.length,
  };
}
