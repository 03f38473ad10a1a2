/** Imported before a program: its clock is CLOCK_SHIFT_MS off, as that of a machine nobody set is. */
const shift = Number(process.env.CLOCK_SHIFT_MS);
if (!Number.isFinite(shift) || shift === 0) throw new Error('CLOCK_SHIFT_MS says by how much');
const RealDate = globalThis.Date;

class ShiftedDate extends RealDate {
  constructor(...given: [] | [number | string | Date]) {
    if (given.length === 0) super(ShiftedDate.now());
    else super(...(given as [number]));
  }

  static override now(): number {
    return RealDate.now() + shift;
  }
}

globalThis.Date = ShiftedDate as DateConstructor;
