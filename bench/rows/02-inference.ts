/**
 * Faces per second through `vision`'s own door: crops cut and measured, tracks carried on, answers packed and
 * unpacked; so many streams at once, each with one face, two frames in flight each, as recordings have them. A run
 * takes as many faces as there are streams and no more, so both sides run the same batches. Searching for faces is
 * left out: media time hardly moves, and no frame is due for it. Against `session.run` of the same ensemble with the
 * same batch and threads.
 */
import type { Frame } from '../../src/domain/frame.ts';
import { inTurn, type Row, type RowOptions } from '../harness.ts';
import { type BareModels, openBareModels } from '../parts/baselines.ts';
import { makeClips } from '../parts/clips.ts';
import { copyOf, DEVICE, decodeAll, INTRA_OP_THREADS, openVision } from '../parts/pipeline.ts';
import { compared } from '../parts/results.ts';

export const row: Row = {
  name: 'inference',
  measures: 'faces per second through vision, against bare session.run',
  run,
};

type Vision = Awaited<ReturnType<typeof openVision>>;
type Analyser = ReturnType<Vision['open']>;

async function* run({ quick }: RowOptions) {
  const clips = makeClips(1);
  const [frame] = await decodeAll(clips.dir, clips.one, 10);
  clips.remove();
  const bare = await openBareModels(INTRA_OP_THREADS);
  for (const batch of [1, 4, 16]) {
    let runs = 0;
    const count = Math.ceil((quick ? 64 : 256) / batch);
    const vision = await openVision({
      ...{ workers: 1, intraOpThreads: INTRA_OP_THREADS, detectEvery: 10_000, maxBatch: batch },
      metrics: { batchSize: () => (runs += 1) },
    });
    const analysers = Array.from({ length: batch }, (_, i) => vision.open(String(i)));
    let at = 0;
    const rounds = await inTurn(
      () => through(vision, analysers, frame!, count, () => (at += 1e-6)),
      () => alone(bare, batch, count),
      quick ? 1 : 7,
    );
    const { faces, detectedFrames, frames } = vision.stats();
    const note = `${(faces / frames).toFixed(2)} faces a frame, ${(faces / runs).toFixed(1)} a run; ${detectedFrames} of ${frames} frames through the detector`;
    const head = { row: 'inference', case: `batch ${batch}, ${DEVICE}`, unit: 'faces/s', note };
    yield compared(head, rounds, 'session.run', { atLeast: 0.95 });
    await vision.close();
  }
}

async function through(
  vision: Vision,
  analysers: Analyser[],
  frame: Frame,
  count: number,
  clock: () => number,
): Promise<number> {
  const { faces } = vision.stats();
  const began = performance.now();
  const drive = async (analyser: Analyser) => {
    let last = analyser.analyse(copyOf(frame, clock()));
    for (let i = 1; i < count; i++) {
      const next = analyser.analyse(copyOf(frame, clock()));
      await last;
      last = next;
    }
    await last;
  };
  await Promise.all(analysers.map(drive));
  return ((vision.stats().faces - faces) / (performance.now() - began)) * 1000;
}

async function alone(bare: BareModels, batch: number, count: number): Promise<number> {
  const began = performance.now();
  for (let i = 0; i < count; i++) await bare.score(batch);
  return ((batch * count) / (performance.now() - began)) * 1000;
}
