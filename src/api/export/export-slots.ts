/** How many exports there may be at a time, of the kinds that cost. */
import { MienError } from '../../errors.ts';

/** Exports as Parquet: each has a thread, which holds a group of 100,000 rows. */
const MOST_PARQUET = 4;
/** Exports of many sessions as text: each reads as fast as the database can. */
const MOST_QUERIES = 8;

export type ExportSlot = (work: () => Promise<void>) => Promise<void>;

export interface ExportSlots {
  /** @returns where this kind of export runs @throws MienError TOO_MANY_REQUESTS, when it does, and there is no place */
  for(asked: { format: string; sessionId: string | null }): ExportSlot;
}

export function createExportSlots(): ExportSlots {
  const parquet = createSlots(MOST_PARQUET, 'as Parquet', 'or take CSV');
  const queries = createSlots(MOST_QUERIES, 'of many sessions', 'or take one session');
  return {
    for: ({ format, sessionId }) =>
      format === 'parquet' ? parquet : sessionId === null ? queries : (work) => work(),
  };
}

/** Runs work while fewer than `most` are under way. */
function createSlots(most: number, kind: string, instead: string): ExportSlot {
  let taken = 0;
  return async (work) => {
    if (taken >= most) {
      throw new MienError(
        'TOO_MANY_REQUESTS',
        `The server writes ${most} exports ${kind}, the most it does at a time: try again in a moment, ${instead}.`,
      );
    }
    taken += 1;
    try {
      await work();
    } finally {
      taken -= 1;
    }
  };
}
