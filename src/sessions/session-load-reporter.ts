/** A session's part of the load: what is measured of its frames is counted there too, and a rate that changed is told. */
import { isLive, type SessionRecord, type StreamRecord } from '../domain/stream.ts';
import type { LoadControl } from './load/load-control.ts';
import type { RatedSource } from './load/stream-load.ts';
import type { Meter, Publisher } from './ports.ts';

export interface ReporterDeps {
  load: LoadControl;
  publisher: Pick<Publisher, 'status'>;
  meter?: Meter;
}

export interface LoadReporter {
  meter: Meter;
  /** The source was opened, or opened anew. */
  opened(source: RatedSource): void;
  /** Resolves when a recording may have its next frame scored; null: at once. */
  turn(signal: AbortSignal): Promise<void> | null;
  /** Tells a state that was committed. */
  publish(session: SessionRecord): void;
  close(): void;
}

export function openLoadReporter(
  { load, publisher, meter }: ReporterDeps,
  stream: StreamRecord,
  session: SessionRecord,
): LoadReporter {
  let committed = session;
  const own = load.open(stream, () => {
    if (isLive(committed)) publisher.status(stream.id, committed, true);
  });
  return {
    meter: {
      decoded: (frames) => meter?.decoded(frames),
      scored(frames) {
        own.scored(frames);
        meter?.scored(frames);
      },
      dropped(counts) {
        own.dropped(counts);
        meter?.dropped(counts);
      },
    },
    opened: (source) => own.opened(source),
    turn: (signal) => own.turn(signal),
    publish(record) {
      committed = record;
      publisher.status(stream.id, record);
    },
    close: () => own.close(),
  };
}
