import { Transform } from 'node:stream';
import { MienError } from '../../../errors.ts';

/** Passes on what `translate` makes of what comes; fails with SOURCE_REFUSED at what it does not understand. */
export function translateStream(
  translate: (chunk: Buffer) => Iterable<Buffer>,
  host: string,
  protocol: string,
): Transform {
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      try {
        for (const bytes of translate(chunk)) this.push(bytes);
        done();
      } catch (error) {
        done(notUnderstood(host, protocol, error));
      }
    },
  });
}

/** What is told of an error that one of the parsers threw. */
export function notUnderstood(host: string, protocol: string, error: unknown): MienError {
  if (error instanceof MienError) return error;
  const what = error instanceof Error ? error.message : String(error);
  return new MienError(
    'SOURCE_REFUSED',
    `What ${host} and mien said to each other is not ${protocol} (${what}); check the source.`,
    { cause: error },
  );
}
