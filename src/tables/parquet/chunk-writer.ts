/** What the library writes to: bytes leave in chunks, so that a group of rows never lies in one large buffer. */
import { ByteWriter } from 'hyparquet-writer';

const CHUNK_BYTES = 1_000_000;

export class ChunkWriter extends ByteWriter {
  #chunks: Uint8Array<ArrayBuffer>[] = [];

  override ensure(size: number): void {
    if (this.index >= CHUNK_BYTES) this.#cut();
    super.ensure(size);
  }

  /** All that was written since it was last asked. */
  take(): Uint8Array<ArrayBuffer>[] {
    if (this.index > 0) this.#cut();
    const taken = this.#chunks;
    this.#chunks = [];
    return taken;
  }

  #cut(): void {
    this.#chunks.push(new Uint8Array(this.getBytes()));
    this.index = 0;
  }
}
