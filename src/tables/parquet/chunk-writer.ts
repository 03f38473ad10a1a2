/** What the library writes to: bytes leave in chunks while a group is still being encoded, so that it never lies encoded in memory. */
import { ByteWriter } from 'hyparquet-writer';

const CHUNK_BYTES = 250_000;

export class ChunkWriter extends ByteWriter {
  readonly #send: (chunk: Uint8Array<ArrayBuffer>) => void;

  /** @param send waits until there is place for it */
  constructor(send: (chunk: Uint8Array<ArrayBuffer>) => void) {
    super(CHUNK_BYTES);
    this.#send = send;
  }

  override ensure(size: number): void {
    if (this.index > 0 && this.index + size > CHUNK_BYTES) this.sendRest();
    super.ensure(size);
  }

  sendRest(): void {
    if (this.index === 0) return;
    const chunk = new Uint8Array(this.getBytes());
    this.index = 0;
    this.#send(chunk);
  }
}
