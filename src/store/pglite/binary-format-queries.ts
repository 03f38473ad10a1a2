/**
 * Reads what a query gives in PostgreSQL's binary format. PGlite's own `query` asks for text, and takes it apart and decodes it for longer
 * than the database makes it.
 */
import { type PGlite, protocol } from '@electric-sql/pglite';

const { serialize, messages, Parser } = protocol;

export class BinaryFormatQueries {
  readonly #db: PGlite;
  /** Holds an answer, and then the next: dead ones would be let go when there are tens of megabytes. */
  #answer = Buffer.alloc(0);
  #length = 0;

  constructor(db: PGlite) {
    this.#db = db;
  }

  /**
   * @param sql a query of one row
   * @returns its cells, in memory of their own
   * @throws DatabaseError what the database said
   */
  run(sql: string, parameters: readonly string[]): Promise<(Uint8Array<ArrayBuffer> | null)[]> {
    const asked = Buffer.concat([
      serialize.parse({ text: sql }),
      bindForBytes(parameters),
      serialize.execute({}),
      serialize.sync(),
    ]);
    return this.#db.runExclusive(async () => {
      this.#length = 0;
      const onRawData = (part: Uint8Array) => this.#append(part);
      await this.#db.execProtocolRawStream(asked, { syncToFs: false, onRawData });
      return cellsOf(this.#answer.subarray(0, this.#length));
    });
  }

  /** @param part of PostgreSQL's memory, which it writes on */
  #append(part: Uint8Array): void {
    const length = this.#length + part.length;
    if (length > this.#answer.length) this.#answer = Buffer.concat([this.#answer], 2 * length);
    this.#answer.set(part, this.#length);
    this.#length = length;
  }
}

/** The message of PGlite's says that one format follows, and none does. */
function bindForBytes(parameters: readonly string[]): Buffer {
  const message = Buffer.concat([serialize.bind({ values: [...parameters], binary: true }), BINARY]);
  message.writeUInt32BE(message.length - 1, 1);
  return message;
}

const BINARY = Buffer.from([0, 1]);
const DATA_ROW = 'D'.charCodeAt(0);
const ERROR = 'E'.charCodeAt(0);
/** Its kind, and its length, which counts itself. */
const MESSAGE_HEAD = 5;

function cellsOf(answer: Buffer): (Uint8Array<ArrayBuffer> | null)[] {
  let cells: (Uint8Array<ArrayBuffer> | null)[] = [];
  for (let at = 0; at < answer.length; ) {
    const end = at + 1 + answer.readUInt32BE(at + 1);
    if (answer[at] === ERROR) throwError(answer.subarray(at, end));
    if (answer[at] === DATA_ROW) cells = rowOf(answer, at + MESSAGE_HEAD);
    at = end;
  }
  return cells;
}

function rowOf(answer: Buffer, begin: number): (Uint8Array<ArrayBuffer> | null)[] {
  let at = begin + 2;
  return Array.from({ length: answer.readUInt16BE(begin) }, () => {
    const length = answer.readInt32BE(at);
    at += 4;
    if (length === -1) return null;
    at += length;
    return new Uint8Array(answer.subarray(at - length, at));
  });
}

function throwError(message: Uint8Array): void {
  new Parser().parse(new Uint8Array(message), (parsed) => {
    if (parsed instanceof messages.DatabaseError) throw parsed;
  });
}
