/** Imported before a program: its clock is CLOCK_SHIFT_MS off, as that of a machine nobody set is. JavaScript, which all threads of a program can load. */
const shift = Number(process.env.CLOCK_SHIFT_MS);
if (!Number.isFinite(shift) || shift === 0) throw new Error('CLOCK_SHIFT_MS says by how much');
const RealDate = globalThis.Date;

class ShiftedDate extends RealDate {
  /** @param {[] | [number]} given */
  constructor(...given) {
    super(...(given.length === 0 ? [ShiftedDate.now()] : given));
  }

  static now() {
    return RealDate.now() + shift;
  }
}

globalThis.Date = /** @type {DateConstructor} */ (ShiftedDate);
