/** What is written down of who did what. The records hold nothing of the people who are filmed, and no secret. */

/** What can be done, and is written down. Each mutation of the schema names one of these. */
export const AUDIT_ACTIONS = [
  'ACCESS',
  'SIGN_IN',
  'SIGN_OUT',
  'REGISTER_STREAM',
  'CHANGE_STREAM',
  'START_STREAM',
  'STOP_STREAM',
  'REMOVE_STREAM',
  'CHANGE_SESSION',
  'REMOVE_SESSION',
  'UPLOAD',
  'INGEST',
  'CREATE_TOKEN',
  'REVOKE_TOKEN',
  'ERASE',
  'ROTATE_SECRETS',
  'ADD_OUTPUT',
  'CHANGE_OUTPUT',
  'REMOVE_OUTPUT',
  'TEST_OUTPUT',
  'EXPORT',
  'EXPORT_AUDIT',
  'EXPIRE_AUDIT',
] as const;
export type AuditAction = (typeof AUDIT_ACTIONS)[number];

/** REFUSED: who asked may not, or did not show who they are. FAILED: they may, but it did not work. */
export const AUDIT_OUTCOMES = ['OK', 'REFUSED', 'FAILED'] as const;
export type AuditOutcome = (typeof AUDIT_OUTCOMES)[number];

/** OPEN, TOKEN and OIDC as of a Principal; COMMAND: on the server's machine; SYSTEM: mien itself; UNKNOWN: did not show who they are. */
export const ACTOR_KINDS = ['OPEN', 'TOKEN', 'OIDC', 'COMMAND', 'SYSTEM', 'UNKNOWN'] as const;
export type ActorKind = (typeof ACTOR_KINDS)[number];

/** Who did it; a Principal is one. */
export interface Actor {
  kind: ActorKind;
  /** The same in all that they do. */
  id: string;
  /** What people call them. */
  name: string;
}

export const UNKNOWN_ACTOR: Actor = Object.freeze({ kind: 'UNKNOWN', id: 'unknown', name: 'unknown' });
export const SYSTEM_ACTOR: Actor = Object.freeze({ kind: 'SYSTEM', id: 'mien', name: 'mien' });

/** Kinds of things that something is done to. */
export const AUDIT_TARGETS = [
  'STREAM',
  'SESSION',
  'UPLOAD',
  'TOKEN',
  'PATH',
  'AUDIT',
  'ERASURE',
  'OUTPUT',
] as const;
export type AuditTargetType = (typeof AUDIT_TARGETS)[number];

export interface AuditTarget {
  type: AuditTargetType;
  /** Of an upload not its token, which is a secret. */
  id: string | null;
  name: string | null;
}

/** A few small facts. Addresses without user, password and query; no path and no word that could name who is filmed. */
export type AuditDetail = Readonly<Record<string, string | number | boolean | null>>;

/** What happened. When it did, the database says. */
export interface AuditEvent {
  requester: {
    principal: Actor;
    /** IP address; null: mien itself, or a command on its machine. */
    address: string | null;
  };
  action: AuditAction;
  target?: AuditTarget | null;
  outcome: AuditOutcome;
  /** Of the error, where it was refused or failed. */
  code?: string | null;
  detail?: AuditDetail;
}

/** One entry of the audit: an event, or the sum of several alike. */
export interface AuditRecord extends AuditEvent {
  /** How many of the same this entry stands for. */
  count: number;
  /** By the server's clock, where it is not when the entry was stored: the first of those that were summed, or of one that had to wait. */
  since: Date | null;
}

/** Writes down what happened. */
export interface Audit {
  /**
   * What was done is stored when this resolves, or waits for the database, which the log and a metric tell. What was refused or
   * failed is stored without being waited for; what is alike within a minute is summed. Never rejects.
   */
  record(event: AuditEvent): Promise<void>;
}
