/** How far reading runs ahead of scoring: each place where frames or inputs may wait takes its depth from here. */

/** In frames, in the order of their way. */
export interface ReadAhead {
  /** Decoded, and held by ffmpeg; 0: it waits until a frame is taken. */
  decoded: number;
  /** In memory, between ffmpeg and scoring. */
  buffered: number;
  /** Handed over to be scored while one before them is being scored; 0: one at a time. */
  scoring: number;
}

/** A recording waits: ffmpeg and the models are each kept busy, and no frame is lost. */
export const RECORDING_READ_AHEAD: ReadAhead = { decoded: 8, buffered: 3, scoring: 8 };

/** In real time the newest frame is the one to score: none is kept while another is scored. */
export const REALTIME_READ_AHEAD: ReadAhead = { decoded: 0, buffered: 1, scoring: 0 };

/** Recorded inputs opened while one before them is scored. Two keep two cores busy: of a picture, to start ffmpeg is most of the work. */
export const INPUTS_OPENED_AHEAD = 2;

export function readAheadOf(realtime: boolean): ReadAhead {
  return realtime ? REALTIME_READ_AHEAD : RECORDING_READ_AHEAD;
}
