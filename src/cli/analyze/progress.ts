/** A progress bar on a person's screen; nothing anywhere else. */
import type { Writable } from 'node:stream';
import { Presets, SingleBar } from 'cli-progress';

export interface Progress {
  /** @param seconds length of the input, null when it does not say */
  total(seconds: number | null): void;
  at(mediaTime: number): void;
  /** How much of the video is written that it is drawn into, in seconds. */
  drawn(seconds: number): void;
  close(): void;
}

const SILENT: Progress = { total() {}, at() {}, drawn() {}, close() {} };

export function openProgress(screen: Writable & { isTTY?: boolean }, input: string, rate: number): Progress {
  if (screen.isTTY !== true) return SILENT;
  const bar = new SingleBar(
    {
      stream: screen as NodeJS.WriteStream,
      format: `${input}{work} {bar} {percentage}% | {value}/{total} s`,
      clearOnComplete: true,
    },
    Presets.shades_classic,
  );
  let begun = false;
  return {
    total(seconds) {
      if (seconds === null) return;
      bar.start(Math.max(Math.round(seconds), 1), 0, { work: '' });
      begun = true;
    },
    at(mediaTime) {
      if (begun) bar.update(Math.round((mediaTime + 1 / rate) * 10) / 10);
    },
    drawn(seconds) {
      if (begun) bar.update(Math.round(seconds * 10) / 10, { work: ': drawing' });
    },
    close() {
      if (begun) bar.stop();
    },
  };
}
