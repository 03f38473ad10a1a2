/** How the parameters of a commit are laid out: encode*.ts write them, commit.ts takes them apart. */
import { EXPRESSIONS } from '../../domain/face.ts';

/** The position of a session in the batch, from 1. */
export type PositionOf = (sessionId: string) => number;
export type Parameter = string | Uint8Array;

/** Values per row of each flat array; commit.ts takes them apart by these. */
export const STRIDE = {
  session: 7,
  moment: 7,
  readingInts: 6,
  readingReals: 28,
  rollup: 29,
  track: 5,
  episode: 8,
};

/** The enum Expression in SQL, in its order. A constant: `enum_range` would look it up again for every row. */
export const KINDS = `'{${EXPRESSIONS}}'::"Expression"[]`;
