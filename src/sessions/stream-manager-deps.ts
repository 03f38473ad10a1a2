/** What the manager of streams is made of. */
import type { InspectDeps } from './inspect-source.ts';
import type { LoadControl } from './load/load-control.ts';
import type { SessionRepository, StreamRepository, UploadStore } from './ports.ts';
import type { SessionDeps } from './session-runner.ts';

export interface StreamManagerDeps extends Omit<SessionDeps, 'sessions'>, InspectDeps {
  streams: StreamRepository;
  sessions: SessionRepository;
  load: LoadControl;
  /** Of the model that scores, as `Query.models` names it. */
  modelId: string;
  uploads?: UploadStore;
  /** Purposes that are prohibited unless named here. */
  allowPurposes?: readonly string[];
}
