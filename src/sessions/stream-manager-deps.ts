/** What the manager of streams is made of. */

import type { SourceInput } from '../domain/frame.ts';
import type { UploadStore } from './erasure-ports.ts';
import type { InspectDeps } from './inspect-source.ts';
import type { LoadControl } from './load/load-control.ts';
import type { SessionRepository, StreamRepository } from './ports.ts';
import type { SessionDeps } from './session-runner.ts';

export interface StreamManagerDeps extends Omit<SessionDeps, 'sessions' | 'gate'>, InspectDeps {
  streams: StreamRepository;
  sessions: SessionRepository;
  load: LoadControl;
  /** Of the model that scores, as `Query.models` names it. */
  modelId: string;
  uploads?: UploadStore;
  /** Whether what is read of a file can be read here: servers may have directories of their own. */
  isHere?: (source: SourceInput) => Promise<boolean>;
  /** As it is stored: what is of this machine alone by a name that tells that to other servers. */
  known?: (source: SourceInput) => SourceInput;
  /** Sources that this server never opens by itself: others do. */
  leaves?: (source: SourceInput) => boolean;
  /** Purposes that are prohibited unless named here. */
  allowPurposes?: readonly string[];
}
