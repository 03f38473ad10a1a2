/** What `/preview/{session}` sends, part by part. */

export interface PreviewFrame {
  seq: number;
  jpeg: Uint8Array;
}

const BREAK = Buffer.from('\r\n\r\n');

/** @throws Error when there is no such preview */
export async function* readPreview(url: string, signal: AbortSignal): AsyncGenerator<PreviewFrame> {
  const response = await fetch(url, { signal });
  if (!response.ok || !response.body) throw new Error(`${url}: ${response.status} ${await response.text()}`);
  let bytes = Buffer.alloc(0);
  for await (const chunk of response.body) {
    bytes = Buffer.concat([bytes, chunk]);
    for (let part = partIn(bytes); part !== null; part = partIn(bytes)) {
      bytes = bytes.subarray(part.end);
      yield part.frame;
    }
  }
}

function partIn(bytes: Buffer): { frame: PreviewFrame; end: number } | null {
  const headEnd = bytes.indexOf(BREAK);
  if (headEnd < 0) return null;
  const head = bytes.subarray(0, headEnd).toString('latin1');
  const of = (name: string) => Number(new RegExp(`^${name}: (\\d+)`, 'm').exec(head)?.[1] ?? Number.NaN);
  const [begin, length] = [headEnd + BREAK.length, of('content-length')];
  if (!(bytes.length >= begin + length)) return null;
  const end = begin + length;
  return { frame: { seq: of('x-mien-seq'), jpeg: Uint8Array.from(bytes.subarray(begin, end)) }, end };
}
