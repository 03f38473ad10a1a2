/** Sessions made up from a seed: holes, outages, variable rates, cuts, several faces, drops of each reason, loops. */
import type { RawReading } from '../../src/domain/face.ts';
import type { DropCounts, Frame, LoopPlace, SourceInfo } from '../../src/domain/frame.ts';
import { MienError } from '../../src/errors.ts';
import type { FaceAnalyser, MomentSink, OpenSource } from '../../src/sessions/ports.ts';
import { seeded } from '../helpers/memory-store.ts';
import { face } from './harness.ts';

interface ScriptFrame {
  mediaTime: number;
  wallTime: number;
  /** Where it lies, of a source that is played more than once. */
  loop: LoopPlace | undefined;
  dropped: DropCounts;
  faces: RawReading[];
  cut: boolean;
  /** Its worker dies with it. */
  lost: boolean;
}

export interface Script {
  name: string;
  title: string;
  live: boolean;
  frameRate: number;
  /** Each time that the source is opened. */
  openings: ScriptFrame[][];
  /** How often its source is played, one after the other. */
  loops: number;
  /** Seconds of one time. */
  pass: number;
  /** How long it says that it is, in seconds, which ends while its last frame would stand; null: it does not say. */
  duration: number | null;
  /** Frames that were dropped before they came, and those that came. */
  counts: { busy: number; given: number };
}

const START = 1_760_000_000_000;

export function generateSession(seed: number): Script {
  const random = seeded(seed);
  const chance = (share: number) => random() < share;
  const live = seed % 3 === 0;
  const frameRate = [2, 10, 25][seed % 3 === 1 ? 1 : Math.floor(random() * 3)]!;
  const interval = seed % 7 === 0 ? 1 : 1 / frameRate;
  const isVariable = chance(0.4);
  const [holes, cuts, busy, lost] = [0.02, 0.03, 0.05, 0.04].map((share) => (chance(0.5) ? share : 0));
  const scene = createScene(random);
  let wallTime = START + seed * 3_600_000;
  const loops = !live && chance(0.3) ? 3 : 1;
  const steps = (count: number) =>
    Array.from({ length: count }, () => {
      const hole = chance(holes!) ? (chance(0.2) ? 3600 : 5 * random()) : 0;
      return hole + (isVariable ? interval * (0.3 + 1.2 * random()) : interval);
    });
  let pass = 0;
  const openings = Array.from({ length: live ? 1 + Math.floor(random() * 3) : 1 }, () => {
    wallTime += 1000 * Math.round(random() * 60);
    let mediaTime = chance(0.3) ? 3 : 0;
    const clip = steps(15 + Math.floor((random() * 25) / loops));
    pass = clip.reduce((sum, step) => sum + step, 0);
    const began = mediaTime;
    return Array.from({ length: loops }, (_, at) => clip.map((step, i) => ({ step, at, i })))
      .flat()
      .map(({ step, at, i }): ScriptFrame => {
        mediaTime += step;
        wallTime += 1000 * step;
        const cut = chance(cuts!);
        const dropped: DropCounts = chance(busy!) ? { busy: 1 + Math.floor(random() * 4) } : {};
        const sourceTime = began + clip.slice(0, i + 1).reduce((sum, one) => sum + one, 0);
        const loop = loops > 1 ? { pass: at, sourceTime } : undefined;
        return { mediaTime, wallTime, loop, dropped, ...scene(cut), cut, lost: chance(lost!) };
      });
  });
  const frames = openings.flat();
  const busyFrames = frames.reduce((sum, { dropped }) => sum + (dropped.busy ?? 0), 0);
  return {
    name: `session-${seed}`,
    title: `session ${seed}, ${live ? 'live' : 'recorded'}, ${frameRate} a second${isVariable ? ', variable' : ''}`,
    ...{ live, frameRate, openings, loops, pass },
    duration: live || loops > 1 || chance(0.4) ? null : frames.at(-1)!.mediaTime + 0.2 * interval * random(),
    counts: { busy: busyFrames, given: frames.length },
  };
}

/** Faces that come, go and change what they express; behind a cut all of them are others. */
function createScene(random: () => number): (cut: boolean) => { faces: RawReading[] } {
  let next = 1;
  let present: { track: number; expression: number }[] = [];
  return (cut) => {
    if (cut) present = [];
    present = present.filter(() => random() > 0.03);
    while (present.length < 3 && random() < 0.1)
      present.push({ track: next++, expression: Math.floor(random() * 8) });
    for (const one of present) if (random() < 0.06) one.expression = Math.floor(random() * 8);
    return { faces: present.map(({ track, expression }) => reading(track, expression, random)) };
  };
}

function reading(track: number, expression: number, random: () => number): RawReading {
  const { expression: _, confidence: __, rawProbabilities: ___, ...raw } = face(track, 4);
  const certain = random() < 0.9 ? 0.5 + 0.5 * random() : 0.2;
  const probabilities = Array.from({ length: 8 }, (_, at) =>
    at === expression ? certain : (1 - certain) / 7,
  );
  return {
    ...raw,
    probabilities,
    valence: 2 * random() - 1,
    quality: { score: random() < 0.95 ? 0.9 : 0.1, issues: [] },
  };
}

const INFO: SourceInfo = {
  ...{ kind: 'file', live: false, width: 12, height: 8, duration: null, codec: 'h264', rotation: 0 },
};

interface Playing {
  script: Script;
  opened: number;
  /** Frames until now. */
  given: number;
  isOver: boolean;
  /** How many there were when the store first refused a moment; null: it did not. */
  refusedAt: number | null;
  /** Whether it has taken that moment since. */
  isBack: boolean;
}

/** Opens the scripts' sources by their names, and analyses their frames as they say. */
export function sourceOf(scripts: readonly Script[]) {
  const byName = new Map(
    scripts.map((script): [string, Playing] => {
      return [script.name, { script, opened: 0, given: 0, isOver: false, refusedAt: null, isBack: false }];
    }),
  );
  const bySession = new Map<string, Playing>();
  const shown = new WeakMap<Uint8Array, { one: ScriptFrame; playing: Playing }>();
  const find = (source: Parameters<OpenSource>[0]): Playing => {
    const name = source.type === 'file' ? source.path : source.type === 'url' ? source.url : '';
    const playing = byName.get(name.replace('rtsp://camera/', ''));
    if (!playing) throw new Error(`no session is called ${name}`);
    return playing;
  };
  async function* play(playing: Playing): AsyncGenerator<Frame> {
    const { script } = playing;
    const frames = script.openings[playing.opened++]!;
    const isLast = playing.opened === script.openings.length;
    for (const one of frames) {
      const pixels = new Uint8Array(24);
      shown.set(pixels, { one, playing });
      // Those of a camera come while the store works.
      if (script.live) await new Promise((resolve) => setImmediate(resolve));
      while (isAway(playing)) await new Promise((resolve) => setTimeout(resolve, 1));
      playing.given += 1;
      const { mediaTime, wallTime, loop, dropped } = one;
      yield { pixels, width: 6, height: 4, mediaTime, wallTime, loop, dropped };
    }
    playing.isOver = isLast;
    if (script.live && isLast) throw new MienError('SOURCE_NOT_VIDEO', 'The session is over.');
    if (script.live) throw new MienError('SOURCE_FAILED', 'The camera went away.');
  }
  const infoOf = ({ script: { live, duration } }: Playing): SourceInfo =>
    live ? { ...INFO, kind: 'rtsp', live } : { ...INFO, duration };
  const openSource: OpenSource = async (source) => {
    const playing = find(source);
    return { info: infoOf(playing), frames: play(playing), setFrameRate() {} };
  };
  const openAnalyser = (sessionId: string): FaceAnalyser => ({
    async analyse({ pixels }) {
      const { one, playing } = shown.get(pixels)!;
      bySession.set(sessionId, playing);
      if (one.lost) throw Object.assign(new Error('the worker died'), { name: 'WorkerLost' });
      return { faces: one.faces, cut: one.cut };
    },
    smallestFace: () => 1,
    close: async () => {},
  });
  return {
    ...{ openSource, openAnalyser, limits: { reopenMs: 1, storeRetryMs: 2 } },
    probe: async (source: Parameters<OpenSource>[0]) => infoOf(find(source)),
    sinkOf: (sink: MomentSink) => refusing(sink, bySession),
  };
}

/** Whether enough frames have come while its store was away. */
function isAway({ script, refusedAt, given, isBack }: Playing): boolean {
  return script.live && refusedAt !== null && !isBack && given >= refusedAt + 3;
}

/** A store that refuses one moment of each session, as one whose database is away until three more frames have come. */
function refusing(sink: MomentSink, bySession: ReadonlyMap<string, Playing>): MomentSink {
  return {
    append: async (moment, events, previous) => {
      const playing = bySession.get(moment.sessionId)!;
      if (moment.seq === 10) playing.refusedAt ??= playing.given;
      const until = (playing.refusedAt ?? 0) + (playing.script.live ? 3 : 0);
      const isBack = moment.seq !== 10 || playing.isOver || playing.given >= until;
      if (!isBack) throw new MienError('STORE_UNAVAILABLE', 'The database is away.');
      const position = await sink.append(moment, events, previous);
      playing.isBack ||= moment.seq === 10;
      return position;
    },
    finish: (...end) => sink.finish(...end),
  };
}
