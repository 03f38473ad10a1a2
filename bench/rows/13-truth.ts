/**
 * What is told when, on clips of which it is known to the frame what they show: two rendered people of the demo, their neutral
 * and happy stretches cut together at 10 and at 30 frames a second, each frame scored, smoothed as by default and not at all.
 * The delay goes from the first frame that shows another look to the first that is labelled so, at four phases of the detector
 * and both people; the shortest smile is the shortest of which a label, or an episode, is told. After a cut from one person to
 * the other at the same place those frames are counted that still carry the label or the track of the one before.
 */
import type { Expression } from '../../src/domain/face.ts';
import type { EpisodeEvent, Moment } from '../../src/domain/moment.ts';
import { DEFAULT_SMOOTHING } from '../../src/domain/stream.ts';
import type { Ingest } from '../../src/ingest/index.ts';
import { analyseSource } from '../../src/sessions/index.ts';
import type { Vision } from '../../src/vision/index.ts';
import type { Result, Row, RowOptions } from '../harness.ts';
import { openIngest, openVision, timelinesOf } from '../parts/pipeline.ts';
import { recorded } from '../parts/results.ts';
import { type Look, type Person, type Stretch, TruthClips } from '../parts/truth-clips.ts';

export const row: Row = {
  name: 'truth',
  measures: 'delay of labels, the shortest smile that is told, and what bleeds over a cut',
  run,
};

const LABELS: Record<Look, Expression> = { neutral: 'NEUTRAL', happiness: 'HAPPINESS' };
const PEOPLE: readonly Person[] = [0, 1];
/** Seconds that a look lasts before and after what is measured. */
const AROUND = 1.5;
/** Frames by which the change is moved against the detector's turn. */
const PHASES = 4;
/** A smile that is not told for so many seconds is not told at all. */
const LONGEST = 2;

async function* run({ quick, log }: RowOptions): AsyncIterable<Result> {
  const clips = new TruthClips();
  const ingest = openIngest(clips.dir);
  const vision = await openVision();
  const analyser: Analyser = { clips, ingest, vision };
  try {
    for (const fps of [10, 30]) {
      for (const smoothing of [DEFAULT_SMOOTHING, 0]) {
        const what = `${fps} fps, ${smoothing === 0 ? 'raw' : `smoothed over ${smoothing} ms`}`;
        const result = (name: string, unit: string, values: readonly number[], note?: string) =>
          recorded({ row: 'truth', case: `${name}, ${what}`, unit, ...(note && { note }) }, values);
        log(what);
        const delay = await delays(analyser, fps, smoothing, quick ? 1 : PHASES);
        yield result('neutral to happy, delay', 'ms', delay.happiness);
        yield result('happy to neutral, delay', 'ms', delay.neutral);
        const smiles = await shortestSmiles(analyser, fps, smoothing);
        yield result('shortest smile that is labelled', 'ms', smiles.labelled);
        yield result('shortest smile that is an episode', 'ms', smiles.episode);
        const bled = await bleed(analyser, fps, smoothing);
        yield result('cut to another person, label of the one before', 'frames', bled.label, 'asked: 0');
        yield result('cut to another person, track of the one before', 'frames', bled.track, 'asked: 0');
      }
    }
  } finally {
    await ingest.close();
    await vision.close();
    clips.remove();
  }
}

interface Analyser {
  clips: TruthClips;
  ingest: Ingest;
  vision: Vision;
}

interface Told {
  moments: Moment[];
  events: EpisodeEvent[];
}

/** What is told of a clip, every frame of it. @throws Error when a frame is missing, or does not show one face */
async function analyse(
  { clips, ingest, vision }: Analyser,
  stretches: readonly Stretch[],
  fps: number,
  smoothing: number,
): Promise<Told> {
  const path = clips.make(stretches, fps);
  const deps = { open: ingest.open, openAnalyser: vision.open, openTimeline: timelinesOf(vision) };
  const options = {
    frameRate: fps,
    smoothing,
    detectSize: 'STANDARD',
    signal: new AbortController().signal,
  } as const;
  const told: Told = { moments: [], events: [] };
  const end = await analyseSource(deps, { type: 'file', path }, options, (moment, events) => {
    told.moments.push(moment);
    told.events.push(...events);
  });
  told.events.push(...end.events);
  const frames = stretches.reduce((sum, stretch) => sum + stretch.frames, 0);
  if (told.moments.length !== frames)
    throw new Error(`${told.moments.length} of ${frames} frames were scored.`);
  const wrong = told.moments.find(({ faces }) => faces.length !== 1);
  if (wrong) throw new Error(`Frame ${wrong.seq} has ${wrong.faces.length} faces where one is shown.`);
  return told;
}

const labelAt = ({ moments }: Told, frame: number): Expression | null => moments[frame]!.faces[0]!.expression;

/** Milliseconds from the first frame with another look to the first that is labelled so, by the new look. */
async function delays(analyser: Analyser, fps: number, smoothing: number, phases: number) {
  const delays: Record<Look, number[]> = { neutral: [], happiness: [] };
  for (const person of PEOPLE) {
    for (let phase = 0; phase < phases; phase++) {
      const smile = AROUND * fps + phase;
      const end = smile + AROUND * fps + phase;
      const stretches = [
        { person, look: 'neutral', frames: smile },
        { person, look: 'happiness', frames: end - smile },
        { person, look: 'neutral', frames: AROUND * fps },
      ] as const;
      const told = await analyse(analyser, stretches, fps, smoothing);
      delays.happiness.push((framesUntil(told, 'happiness', smile) * 1000) / fps);
      delays.neutral.push((framesUntil(told, 'neutral', end) * 1000) / fps);
    }
  }
  return delays;
}

/** @throws Error when the look of before was not labelled so, or this one never is */
function framesUntil(told: Told, look: Look, change: number): number {
  const before = labelAt(told, change - 1);
  if (before !== LABELS[look === 'neutral' ? 'happiness' : 'neutral']) {
    throw new Error(`Before the change to ${look} the label is ${before}.`);
  }
  const first = told.moments.findIndex((_, i) => i >= change && labelAt(told, i) === LABELS[look]);
  if (first < 0) throw new Error(`A ${look} face is never labelled so.`);
  return first - change;
}

/** Milliseconds of the shortest smile between neutral stretches that is told, by person. */
async function shortestSmiles(analyser: Analyser, fps: number, smoothing: number) {
  const shortest = { labelled: [] as number[], episode: [] as number[] };
  for (const person of PEOPLE) {
    const isTold = {
      labelled: (told: Told) => told.moments.some((_, i) => labelAt(told, i) === 'HAPPINESS'),
      episode: ({ events }: Told) =>
        events.some(({ kind, episode }) => kind === 'OFFSET' && episode.expression === 'HAPPINESS'),
    };
    const missing = new Set(['labelled', 'episode'] as const);
    for (let frames = 1; missing.size > 0; frames++) {
      if (frames > LONGEST * fps) throw new Error(`A smile of ${LONGEST} s is not told.`);
      const around = { person, look: 'neutral', frames: AROUND * fps } as const;
      const told = await analyse(
        analyser,
        [around, { person, look: 'happiness', frames }, around],
        fps,
        smoothing,
      );
      for (const what of [...missing]) {
        if (!isTold[what](told)) continue;
        shortest[what].push((frames * 1000) / fps);
        missing.delete(what);
      }
    }
  }
  return shortest;
}

/** Frames after a cut from a happy person to a neutral one that carry the label, and the track, of the one before. */
async function bleed(analyser: Analyser, fps: number, smoothing: number) {
  const bled = { label: [] as number[], track: [] as number[] };
  for (const person of PEOPLE) {
    const cut = AROUND * fps;
    const stretches = [
      { person, look: 'happiness', frames: cut },
      { person: (1 - person) as Person, look: 'neutral', frames: AROUND * fps },
    ] as const;
    const told = await analyse(analyser, stretches, fps, smoothing);
    const track = told.moments[cut - 1]!.faces[0]!.track;
    const after = told.moments.slice(cut).map(({ faces }) => faces[0]!);
    bled.label.push(after.filter(({ expression }) => expression === 'HAPPINESS').length);
    bled.track.push(after.filter((face) => face.track === track).length);
  }
  return bled;
}
