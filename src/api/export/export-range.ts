/** `from` and `to` of an export: numbers are seconds of media time, times are those of the wall clock. */
import { parseWallTime, type TimeRange } from '../../domain/time-range.ts';
import { MienError } from '../../errors.ts';

type Clock = TimeRange['clock'];

/** @returns undefined: all of the time @throws MienError BAD_INPUT */
export function readRange(from: string | null, to: string | null): TimeRange | undefined {
  const start = from === null ? null : readEnd('from', from);
  const end = to === null ? null : readEnd('to', to);
  const clock = start?.clock ?? end?.clock;
  if (clock === undefined) return undefined;
  if (start && end && start.clock !== end.clock) {
    throw new MienError('BAD_INPUT', 'Give `from` and `to` both in seconds of media time, or both as times.');
  }
  const earliest = clock === 'MEDIA' ? 0 : Number.NEGATIVE_INFINITY;
  const range = { clock, from: start?.at ?? earliest, to: end?.at ?? Number.POSITIVE_INFINITY };
  if (range.from < range.to) return range;
  throw new MienError('BAD_INPUT', '`to` must come after `from`: what is at `to` is not part of it.');
}

function readEnd(name: string, text: string): { clock: Clock; at: number } {
  const seconds = text.trim() === '' ? Number.NaN : Number(text);
  if (Number.isFinite(seconds) && seconds >= 0) return { clock: 'MEDIA', at: seconds };
  // What a URL has of a plus sign.
  const at = parseWallTime(text.replace(/ (?=\d\d:\d\d$)/, '+'));
  if (Number.isFinite(at)) return { clock: 'WALL', at };
  throw new MienError(
    'BAD_INPUT',
    `\`${name}\` is 0 or more seconds of media time, or a time such as 2026-11-28T09:30:00Z.`,
  );
}
