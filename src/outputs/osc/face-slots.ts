/** Faces of one stream in numbered slots, from 1: a face keeps its slot while it is seen, and the next new one takes the first that is free. */
import type { FaceReading } from '../../domain/face.ts';

/** More faces than these are not told. */
export const SLOTS = 16;

export class FaceSlots {
  /** The track in each slot; null: it is free. */
  readonly #tracks: (number | null)[] = [];

  /** In the order of slots; a face that was there before, and is no more, is null. */
  place(faces: readonly FaceReading[]): { slot: number; face: FaceReading | null }[] {
    const byTrack = new Map(faces.map((face) => [face.track, face]));
    const placed: { slot: number; face: FaceReading | null }[] = [];
    for (const [index, track] of this.#tracks.entries()) {
      if (track === null) continue;
      const face = byTrack.get(track) ?? null;
      byTrack.delete(track);
      if (face === null) this.#tracks[index] = null;
      placed.push({ slot: index + 1, face });
    }
    for (const face of byTrack.values()) {
      const index = this.#free();
      if (index >= SLOTS) break;
      this.#tracks[index] = face.track;
      const left = placed.findIndex(({ slot }) => slot === index + 1);
      if (left >= 0) placed.splice(left, 1);
      placed.push({ slot: index + 1, face });
    }
    return placed.sort((one, other) => one.slot - other.slot);
  }

  #free(): number {
    const index = this.#tracks.indexOf(null);
    return index < 0 ? this.#tracks.length : index;
  }
}
