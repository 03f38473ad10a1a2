/**
 * Since when each track's own frames say what they say now, before they are smoothed.
 *
 * A smoothed probability reaches its threshold later than the frames that raise it: by about the time constant, less what the
 * first sharp frames weigh. So that an episode need not begin late, its onset is dated back to where the run of frames began
 * that led to it: judged ones, each of which gives its expression at least `enter`. One frame that does not ends a run, so that
 * noise dates nothing back.
 */

/** When a frame was. */
export interface FrameTime {
  /** Seconds. */
  mediaTime: number;
  /** Milliseconds since the epoch. */
  wallTime: number;
}

/** One face at one time. */
export interface FaceAt {
  track: number;
  /** Smoothed, in the order of EXPRESSIONS. */
  probabilities: readonly number[];
  /** The same of this frame alone. */
  raw: readonly number[];
  /** Whether it is good enough to judge. */
  judged: boolean;
}

interface Run {
  /** In the order of EXPRESSIONS; -1: none. */
  expression: number;
  since: FrameTime;
  /** Last frame that showed the track. */
  lastSeen: number;
}

/** The run of each track. */
export class RawOnsets {
  readonly #enter: number;
  readonly #runs = new Map<number, Run>();

  /** @param enter probability, at least one half, from which a frame shows an expression */
  constructor(enter: number) {
    this.#enter = enter;
  }

  /** Takes the faces of one frame. A track that the frame before did not show starts anew. */
  push(at: FrameTime, faces: readonly FaceAt[]): void {
    for (const face of faces) {
      const next = this.#follow(this.#runs.get(face.track), at, face);
      if (next) this.#runs.set(face.track, next);
    }
    // Those that this frame does not show can no longer go on.
    for (const [track, { lastSeen }] of this.#runs) if (lastSeen < at.mediaTime) this.#runs.delete(track);
  }

  /** Since when the frames of `track` have shown the expression; undefined where the last one does not. */
  since(track: number, expression: number): FrameTime | undefined {
    const run = this.#runs.get(track);
    return run?.expression === expression ? run.since : undefined;
  }

  /** What the track shows begins with `at`: until then it was something else. */
  restart(track: number, at: FrameTime): void {
    const run = this.#runs.get(track);
    if (run) run.since = at;
  }

  /** Runs that began before `until` (media time) are not known any more. */
  forget(until: number): void {
    for (const [track, { since }] of this.#runs) if (since.mediaTime < until) this.#runs.delete(track);
  }

  #follow(run: Run | undefined, at: FrameTime, { raw, judged }: FaceAt): Run | undefined {
    if (!judged) return run && { ...run, lastSeen: at.mediaTime };
    const shown = raw.findIndex((value) => value >= this.#enter);
    const since = run?.expression === shown ? run.since : at;
    return { expression: shown, since, lastSeen: at.mediaTime };
  }
}
