/** A face as the database has it: tables of millions of them take its numbers straight from its record, and it is made whole for whoever asks for more. */
import { EXPRESSIONS, type FaceReading, QUALITY_ISSUES, type StoredReading } from '../../domain/face.ts';
import { angleOfReal, fractionOfReal, LANDMARK } from '../../domain/quantise.ts';
import type { BinaryRecords } from '../sql/binary-records.ts';
import { EXPRESSION_ENUM, expressionOf } from '../sql/expression-codes.ts';

/** Of table `r`; its `seq` comes first. */
export const FACE = `record_send(ROW(r.seq, r.track, r.x, r.y, r.width, r.height,
    coalesce(array_position(${EXPRESSION_ENUM}, r.expression), 0), r.confidence, r.probabilities, r.raw_probabilities,
    r.agreement, r.valence, r.arousal, r.yaw, r.pitch, r.roll, r.action_units, r.quality, r.issues, r.landmarks))`;

/** @param records at the column behind `seq`; afterwards at the next row */
export function decodeFace(records: BinaryRecords): FaceReading {
  const face: FaceReading = {
    track: records.int(),
    box: { x: fraction(records), y: fraction(records), width: fraction(records), height: fraction(records) },
    expression: expressionOf(records.int()),
    confidence: fraction(records),
    probabilities: fractions(records),
    rawProbabilities: fractions(records),
    agreement: fraction(records),
    valence: fraction(records),
    arousal: fraction(records),
    pose: { yaw: angle(records), pitch: angle(records), roll: angle(records) },
    actionUnits: fractions(records),
    landmarks: [],
    quality: { score: fraction(records), issues: issuesOf(records.short()) },
  };
  const numbers = records.shorts();
  for (let at = 0; at < numbers.length; at += 2) {
    face.landmarks.push({ x: numbers[at]! / LANDMARK, y: numbers[at + 1]! / LANDMARK });
  }
  return face;
}

/** @param records as `decodeFace` has them @returns a face that reads its record when it is asked */
export function decodeStoredFace(records: BinaryRecords): StoredReading {
  return new StoredFace(records);
}

class StoredFace implements StoredReading {
  readonly track: number;
  readonly expression: FaceReading['expression'];
  readonly #records: BinaryRecords;
  readonly #place: number;
  #made: FaceReading | null = null;

  /** @param records as `decodeFace` has them */
  constructor(records: BinaryRecords) {
    this.#records = records;
    this.#place = records.place;
    this.track = records.int();
    records.skip(4);
    this.expression = expressionOf(records.int());
    records.skip(COLUMNS - 6);
  }

  get box() {
    return this.#whole.box;
  }
  get confidence() {
    return this.#whole.confidence;
  }
  get probabilities() {
    return this.#whole.probabilities;
  }
  get rawProbabilities() {
    return this.#whole.rawProbabilities;
  }
  get agreement() {
    return this.#whole.agreement;
  }
  get valence() {
    return this.#whole.valence;
  }
  get arousal() {
    return this.#whole.arousal;
  }
  get pose() {
    return this.#whole.pose;
  }
  get actionUnits() {
    return this.#whole.actionUnits;
  }
  get landmarks() {
    return this.#whole.landmarks;
  }
  get quality() {
    return this.#whole.quality;
  }

  get issues() {
    this.#records.place = this.#place;
    this.#records.skip(COLUMNS - 2);
    return issuesOf(this.#records.short());
  }

  copyNumbers(numbers: Float64Array, actionUnits: number): void {
    const records = this.#records;
    records.place = this.#place;
    records.skip(1);
    let end = 0;
    for (let side = 0; side < 4; side++) numbers[end++] = fraction(records);
    records.skip(1);
    numbers[end++] = fraction(records);
    end = records.copyReals(numbers, end, EXPRESSIONS.length, fractionOfReal);
    end = records.copyReals(numbers, end, EXPRESSIONS.length, fractionOfReal);
    for (let score = 0; score < 3; score++) numbers[end++] = fraction(records);
    for (let axis = 0; axis < 3; axis++) numbers[end++] = angle(records);
    end = records.copyReals(numbers, end, actionUnits, fractionOfReal);
    numbers[end++] = fraction(records);
    records.skip(1);
    records.copyShorts(numbers, end, numbers.length - end, LANDMARK);
  }

  get #whole(): FaceReading {
    if (this.#made === null) {
      this.#records.place = this.#place;
      this.#made = decodeFace(this.#records);
    }
    return this.#made;
  }
}

/** Behind `seq`. */
const COLUMNS = 19;

function fraction(records: BinaryRecords): number {
  return fractionOfReal(records.real());
}

function fractions(records: BinaryRecords): number[] {
  return records.reals().map(fractionOfReal);
}

function angle(records: BinaryRecords): number {
  return angleOfReal(records.real());
}

function issuesOf(bits: number): FaceReading['quality']['issues'] {
  return bits === 0 ? [] : QUALITY_ISSUES.filter((_, bit) => bits & (1 << bit));
}
