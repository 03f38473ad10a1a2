/** What `/preview/{session}` answers, read by its own headers. */

export interface Part {
  seq: number;
  mediaTime: number;
  jpeg: Buffer;
}

/** Its parts, as they come, until it ends. */
export async function* partsOf(response: Response): AsyncGenerator<Part> {
  let held = Buffer.alloc(0);
  for await (const chunk of response.body!) {
    held = Buffer.concat([held, chunk]);
    for (;;) {
      const end = held.indexOf('\r\n\r\n');
      const head = held.subarray(0, Math.max(end, 0)).toString('latin1');
      const length = Number(/content-length: (\d+)/.exec(head)?.[1] ?? Number.NaN);
      if (!(held.length >= end + 4 + length)) break;
      const value = (name: string) => Number(new RegExp(`${name}: ([\\d.]+)`).exec(head)![1]);
      yield {
        seq: value('x-mien-seq'),
        mediaTime: value('x-mien-media-time'),
        jpeg: held.subarray(end + 4, end + 4 + length),
      };
      held = held.subarray(end + 4 + length);
    }
  }
}
