/** Whether propagated tracks have lost their faces, so that the frame has to go through the detector after all. */
import { fitSimilarity, invert, iou, mapRect, type Rect } from '../image/geometry.ts';
import { motionOf } from './motion.ts';
import type { Observation } from './track.ts';
import type { TrackCrop } from './tracker.ts';

/** Motion (see `motionOf`) since the last detection up to which a track is propagated. */
const MAX_PROPAGATED_MOTION = 1;
/** Share of the quality at the last detection below which the face counts as lost. */
const MIN_QUALITY_SHARE = 0.5;
/** Intersection over union of two propagated tracks above which they are taken to hold one face. */
const SAME_FACE_IOU = 0.5;

/**
 * Whether one of the propagated tracks moved too far or lost its face's quality, or two of them hold one face.
 * @param observations what the ensemble saw in each crop
 * @param minFaceQuality quality below which a crop shows no face; undefined: the ensemble has no say in that
 */
export function hasDrifted(
  crops: readonly TrackCrop[],
  observations: readonly Observation[],
  { cropSize, minFaceQuality = 0 }: { cropSize: number; minFaceQuality?: number | undefined },
): boolean {
  const boxes: Rect[] = [];
  for (const [i, { track, toCrop }] of crops.entries()) {
    const reference = track.reference!;
    const { landmarks5, quality } = observations[i]!;
    const back = fitSimilarity(landmarks5, reference.observation.landmarks5);
    if (!back || motionOf(back, cropSize) > MAX_PROPAGATED_MOTION) return true;
    if (quality < reference.observation.quality * MIN_QUALITY_SHARE || quality < minFaceQuality) return true;
    boxes.push(mapRect(invert(toCrop), mapRect(invert(back), reference.box)));
  }
  return boxes.some((box, i) => boxes.slice(i + 1).some((other) => iou(box, other) > SAME_FACE_IOU));
}
