/** What becomes of the sessions that run here with the lease by which they do. */
import type { DesiredState } from './desired-state.ts';
import type { LeaseWatcher } from './ports.ts';
import { interruptAll, type RunningEntry } from './running-session.ts';
import type { SourceGate } from './source-gate.ts';

export interface WatchedSessions {
  running: ReadonlyMap<string, RunningEntry>;
  gate: SourceGate;
  desired: Pick<DesiredState, 'lookAround'>;
}

export function createLeaseWatcher({ running, gate, desired }: WatchedSessions): LeaseWatcher {
  return {
    lapsed: () => gate.close(),
    renewed: () => gate.open(),
    async lost() {
      gate.close();
      await interruptAll(running.values(), 'Another server has taken this stream over.');
      gate.open();
    },
    lookAround: () => desired.lookAround(),
  };
}
