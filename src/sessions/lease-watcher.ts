/** What becomes of the sessions that run here with the lease by which they do. */

import type { LeaseWatcher } from '../domain/lease-watcher.ts';
import type { DesiredState } from './desired-state.ts';
import type { LiveSourceGate } from './live-source-gate.ts';
import { interruptAll, TAKEN_OVER } from './running-session.ts';
import type { RunningSessions } from './running-sessions.ts';

export interface WatchedSessions {
  running: Pick<RunningSessions, 'values' | 'count'>;
  gate: LiveSourceGate;
  desired: Pick<DesiredState, 'lookAround'>;
}

export function createLeaseWatcher({ running, gate, desired }: WatchedSessions): LeaseWatcher {
  return {
    get sessions() {
      return running.count;
    },
    lapsed: () => gate.close(),
    renewed: () => gate.open(),
    async lost() {
      gate.close();
      await interruptAll(running.values(), TAKEN_OVER);
      gate.open();
    },
    lookAround: () => desired.lookAround(),
  };
}
