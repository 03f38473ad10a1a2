/** What `mien analyze` is given to look at. */
import { createReadStream } from 'node:fs';
import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import type { SourceInput } from '../domain/frame.ts';
import { INPUTS_OPENED_AHEAD } from '../domain/read-ahead.ts';
import { MienError } from '../errors.ts';
import type { Ingest } from '../ingest/index.ts';
import type { ColumnSet } from '../tables/analysis-format.ts';
import type { Host } from './host.ts';

const INTERRUPTED = 130;

/**
 * What the command line names, then what the list does.
 * @param list a file of one input per line, `-` for stdin; blank lines are none
 * @throws MienError BAD_INPUT when the list cannot be read, or nothing is named at all
 */
export async function allInputs(
  named: readonly string[],
  list: string | undefined,
  host: Host,
): Promise<string[]> {
  const listed = list === undefined ? [] : await readList(list, host);
  const inputs = [...named, ...listed];
  if (inputs.length > 0) return inputs;
  const where = list === undefined ? '' : `${describeList(list)} names no input: `;
  throw new MienError(
    'BAD_INPUT',
    `${where}give a file or an address to analyze, or a list with --files-from.`,
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

/** @throws MienError BAD_INPUT: in these columns nobody could tell one input's rows from another's */
export function assertToldApart(inputs: readonly string[], columns: ColumnSet): void {
  if (columns !== 'openface' || inputs.length < 2) return;
  throw new MienError(
    'BAD_INPUT',
    'OpenFace has a file for each video, and no column that names it: analyze one input at a time with --columns openface.',
  );
}

/** A URL, a device, or the path of a file. */
export function sourceOf(input: string): SourceInput {
  if (/^[a-z]+:\/\//i.test(input)) return { type: 'url', url: input };
  if (input.startsWith('/dev/video')) return { type: 'device', device: input };
  return { type: 'file', path: resolve(input) };
}

type OpeningInput = ReturnType<Ingest['open']>;

/** Recorded inputs that are opened before their turn. */
export interface InputPrefetch {
  /** Opens the next files from this one on, while models open, or an input before them is analysed. */
  begin(index: number): void;
  /** What `Ingest.open` gives for this input; once. */
  take(index: number): OpeningInput;
}

/** @param open opens one input */
export function createInputPrefetch(
  inputs: readonly string[],
  open: (source: SourceInput) => OpeningInput,
): InputPrefetch {
  /** By their place in the list. */
  const begun = new Map<number, OpeningInput>();
  return {
    begin(index) {
      for (const [i, input] of inputs.slice(index, index + INPUTS_OPENED_AHEAD).entries()) {
        const source = sourceOf(input);
        // What is not a file may be another thing by then.
        if (begun.has(index + i) || source.type !== 'file') continue;
        const opening = open(source);
        opening.catch(() => {}); // it is told when its turn comes
        begun.set(index + i, opening);
      }
    },
    take(index) {
      const opening = begun.get(index);
      begun.delete(index);
      return opening ?? open(sourceOf(inputs[index]!));
    },
  };
}
