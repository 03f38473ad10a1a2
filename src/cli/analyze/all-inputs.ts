/** What `mien analyze` is given to look at. */
import { createReadStream } from 'node:fs';
import { text } from 'node:stream/consumers';
import { MienError } from '../../errors.ts';
import { INTERRUPTED } from '../exit-codes.ts';
import type { Host } from '../process-host.ts';
import { asNamed, type FoundInput, findInputs } from './find-inputs.ts';

/**
 * What the command line names, with what is found in its directories and by its patterns, then what the list does.
 * @param list a file of one input per line, `-` for stdin; blank lines are none
 * @param outDir a directory of results, in which no inputs are looked for
 * @throws MienError BAD_INPUT when the list cannot be read, nothing is found, or nothing is named at all
 */
export async function allInputs(
  named: readonly string[],
  { filesFrom: list, outDir }: { filesFrom?: string; outDir?: string },
  host: Host,
): Promise<FoundInput[]> {
  const listed = list === undefined ? [] : await readList(list, host);
  const inputs = [...(await findInputs(named, outDir)), ...listed.map(asNamed)];
  if (inputs.length > 0) return inputs;
  const where = list === undefined ? '' : `${describeList(list)} names no input: `;
  throw new MienError(
    'BAD_INPUT',
    `${where}give a file, a directory or an address to analyze, or a list with --files-from.`,
  );
}

async function readList(list: string, host: Host): Promise<string[]> {
  let reading = true;
  void host.stopped.then(() => reading && host.exit(INTERRUPTED));
  try {
    const content = await text(list === '-' ? host.stdin : createReadStream(list));
    // Names may begin and end with blanks; an end of line of Windows belongs to none.
    return content.split(/\r?\n/).filter((line) => line.trim() !== '');
  } catch (error) {
    throw new MienError('BAD_INPUT', `${describeList(list)} cannot be read: ${(error as Error).message}.`);
  } finally {
    reading = false;
  }
}

const describeList = (list: string) => (list === '-' ? 'stdin' : `The list ${list}`);
