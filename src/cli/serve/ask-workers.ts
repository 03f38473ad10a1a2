/** A server that runs no streams asks those that do. */
import type { Load } from '../../api/index.ts';
import type { Requests } from '../../bus/index.ts';
import type { Capacity } from '../../domain/capacity.ts';
import type { OutputStatus } from '../../domain/output.ts';
import { MienError } from '../../errors.ts';
import type { Workers } from '../../sessions/index.ts';
import type { Store } from '../../store/index.ts';
import {
  type CapacityAnswer,
  type LoadAnswer,
  type ModelsAnswer,
  type Offer,
  type OffersAsked,
  type OutputAnswer,
  type RegisterAnswer,
  registerAt,
  type StartAnswer,
  startAt,
} from './bus-requests.ts';

/** Longer than a worker waits for a picture. */
const REGISTER_MS = 40_000;
/** Longer than a worker waits for a session that ends. */
const START_MS = 20_000;
/** Of what many fields of an answer ask for. */
const LOAD_MS = 500;

export function createWorkers(requests: Requests, { sealSource }: Pick<Store, 'sealSource'>): Workers {
  const sealed = async <T extends Pick<OffersAsked, 'source'>>(stream: T): Promise<T> => ({
    ...stream,
    source: await sealSource(stream.source),
  });
  return {
    async register(registration, shown) {
      const input = await sealed(registration);
      return (await askInTurn(requests, input, registerAt, { input, shown }, REGISTER_MS)) as RegisterAnswer;
    },
    async start(stream, words) {
      const question = { id: stream.id, words };
      const answer = await askInTurn(requests, await sealed(stream), startAt, question, START_MS);
      return (answer as StartAnswer).sessionId;
    },
  };
}

/** Asks one after another, until one does it: each that has not the time for it, is about to end, or went meanwhile, is followed by another. */
async function askInTurn(
  requests: Requests,
  stream: OffersAsked,
  kindAt: (worker: string) => string,
  question: object,
  ms: number,
): Promise<unknown> {
  const asked = new Set<string>();
  let full: MienError | null = null;
  for (;;) {
    const { worker, isFull } = await choose(requests, stream, asked, full);
    asked.add(worker);
    try {
      return await requests.ask(kindAt(worker), question, ms);
    } catch (error) {
      if (!(error instanceof MienError && MAY_BE_ELSEWHERE.includes(error.code))) throw error;
      if (error.code === 'OVER_CAPACITY') full ??= error;
      // It was the best of those that are left.
      if (isFull && full !== null) throw full;
    }
  }
}

const MAY_BE_ELSEWHERE: readonly string[] = ['SHUTTING_DOWN', 'OVER_CAPACITY'];

/**
 * Of those that were not asked yet, one that has the source, if any does, of these one that has the time for it, if any has, and
 * of these one that runs the fewest.
 * @throws MienError WORKER_UNAVAILABLE; BAD_INPUT, SOURCE_UNREACHABLE of a device; where there is none left, that those before had not the time
 */
async function choose(
  requests: Requests,
  { source, frameRate, realtime }: OffersAsked,
  asked: ReadonlySet<string>,
  full: MienError | null,
): Promise<Offer> {
  const offers = (await requests.askAll('offers', { source, frameRate, realtime })) as Offer[];
  if (source.type === 'device') assertOneHas(source.device, offers);
  const left = offers.filter(({ worker }) => !asked.has(worker));
  const able = preferred(
    preferred(left, ({ isHere }) => isHere),
    ({ isFull }) => !isFull,
  );
  const fewest = Math.min(...able.map(({ running }) => running));
  const idle = able.filter(({ running }) => running === fewest);
  const chosen = idle[Math.floor(Math.random() * idle.length)];
  // Whoever had not the time had the source.
  if (full !== null && !chosen?.isHere) throw full;
  if (chosen !== undefined) return chosen;
  throw new MienError('WORKER_UNAVAILABLE', requests.refusal ?? (requests.isUp ? NO_WORKER : NATS_AWAY));
}

/** A path alone is another camera at each that has one. @throws MienError BAD_INPUT, SOURCE_UNREACHABLE: which have it, and which are there */
function assertOneHas(device: string, offers: readonly Offer[]): void {
  const hostsOf = (some: readonly Offer[]) => [
    ...new Set(some.flatMap(({ deviceHost }) => deviceHost ?? [])),
  ];
  const [having, all] = [hostsOf(offers.filter(({ isHere }) => isHere)), hostsOf(offers)];
  if (having.length > 1)
    throw new MienError(
      'BAD_INPUT',
      `Several servers have a device ${device}: ${having.join(', ')}. Name the one that is meant, such as ${having[0]}:${device}.`,
    );
  if (having.length === 0 && all.length > 0 && !offers.some(({ isHere }) => isHere))
    throw new MienError(
      'SOURCE_UNREACHABLE',
      `No worker has the device ${device}: those that are up are at ${all.join(', ')}.`,
    );
}

/** Those of which it holds, or, where it holds of none, all. */
function preferred(offers: readonly Offer[], holds: (offer: Offer) => boolean): readonly Offer[] {
  const chosen = offers.filter(holds);
  return chosen.length > 0 ? chosen : offers;
}

const NO_WORKER =
  'No worker is up, and streams run at workers: start a `mien worker`, then try again; where one runs, its log tells why it does not answer.';
const NATS_AWAY =
  'NATS does not answer, by which workers are asked, and streams run at workers. Try again in a moment.';

/** What the streams get at the workers that run them. */
export function loadElsewhere(requests: Requests): Load {
  let asked: { answer: Promise<Map<string, LoadAnswer[number]> | null>; at: number } | null = null;
  const ask = async () => {
    const answers = (await requests.askAll('load')) as LoadAnswer[];
    return answers.length === 0 ? null : new Map(answers.flat().map((one) => [one.id, one]));
  };
  /** Of all streams; null: no worker answers. */
  const all = () => {
    if (asked === null || performance.now() - asked.at > LOAD_MS)
      asked = { answer: ask(), at: performance.now() };
    return asked.answer;
  };
  const of = async (id: string) => (await all())?.get(id);
  return {
    effectiveFrameRate: async (id) => (await of(id))?.effectiveFrameRate ?? null,
    isOverloaded: async (id) => (await of(id))?.isOverloaded ?? false,
    async warnings(id, { totals } = { totals: true }) {
      const known = await all();
      if (known === null) return [NOT_KNOWN];
      const { warnings } = known.get(id) ?? {};
      return (totals ? warnings?.withTotals : warnings?.withoutTotals) ?? [];
    },
    async capacity(streams) {
      const question = { of: streams === undefined ? null : [...streams] };
      const answers = (await requests.askAll('capacity', question)) as CapacityAnswer[];
      return answers.length === 0 ? null : sumOf(answers);
    },
  };
}

/** What none of them can tell is not known of all. */
function sumOf(parts: readonly Capacity[]): Capacity {
  const sum = (values: readonly number[]) => Math.round(values.reduce((all, one) => all + one, 0) * 10) / 10;
  const known = (name: 'framesPerSecond' | 'left') => {
    const values = parts.flatMap((part) => part[name] ?? []);
    return values.length === 0 ? null : sum(values);
  };
  return {
    framesPerSecond: known('framesPerSecond'),
    used: sum(parts.map(({ used }) => used)),
    asked: sum(parts.map(({ asked }) => asked)),
    left: known('left'),
  };
}

const NOT_KNOWN =
  'No worker answers, so that it is not known how this stream is doing: see whether workers are up, and NATS, by which they are asked.';

/** The models that are loaded at any worker; null: none answers. */
export async function modelsElsewhere(requests: Requests): Promise<string[] | null> {
  const answers = (await requests.askAll('models')) as ModelsAnswer[];
  return answers.length === 0 ? null : [...new Set(answers.flat())];
}

/**
 * How an output is doing at all workers, each of which tells of the streams that it runs: the worst of them, and their sums.
 * @returns null: none of them runs it; UNKNOWN: none answers
 */
export async function outputElsewhere(
  requests: Requests,
  id: string,
): Promise<OutputStatus | 'UNKNOWN' | null> {
  const answers = (await requests.askAll('output', { id })) as OutputAnswer[];
  if (answers.length === 0) return 'UNKNOWN';
  const parts = answers.flatMap((status) => status ?? []);
  const [worst] = parts.toSorted(
    (one, other) => WORST_FIRST.indexOf(one.state) - WORST_FIRST.indexOf(other.state),
  );
  if (worst === undefined) return null;
  const sum = (of: (status: OutputStatus) => number) => parts.reduce((all, one) => all + of(one), 0);
  return {
    ...worst,
    sent: sum(({ sent }) => sent),
    failed: sum(({ failed }) => failed),
    dropped: sum(({ dropped }) => dropped),
    waiting: sum(({ waiting }) => waiting),
  };
}

const WORST_FIRST: readonly OutputStatus['state'][] = ['STOPPED', 'FAILING', 'CONNECTING', 'READY'];
