/** What a mutation says of itself, so that the audit can tell who did what to what. */
import type { AuditAction, AuditDetail, AuditTargetType } from '../../domain/audit.ts';

/** The id of what it is done to is the argument `id`, of the mutation or of its input; otherwise that of its result. */
export interface Audited<Args = Record<string, unknown>> {
  action: AuditAction;
  target: AuditTargetType | null;
  /** It does several of them, and writes down each itself: as a whole it is written down only where nothing was done. */
  isEach?: boolean;
  /** A few facts of what was asked: no secret, and nothing that could name who is filmed. */
  detail?(args: Args): AuditDetail;
}

/** As the extensions of a mutation's field. */
export function audited<Args = Record<string, unknown>>(spec: Audited<Args>): { audited: Audited<Args> } {
  return { audited: spec };
}

/** Names of what an input changes; values may name somebody. */
export function changedFields(input: object): string {
  return Object.keys(input)
    .filter((name) => name !== 'id')
    .join(', ');
}
