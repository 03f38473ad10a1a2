/** An entry of the audit: who did what to what, when, from where, and with what outcome. */
import type {
  ActorKind,
  AuditAction,
  AuditDetail,
  AuditOutcome,
  AuditTargetType,
} from '../../domain/audit.ts';
import { AS_PARENT } from './access.ts';
import { builder } from './builder.ts';
import { describedValues } from './described-values.ts';

const ACTION_DESCRIPTIONS: Record<AuditAction, string> = {
  ACCESS: 'Asked for something that is refused to them; what was given is not written down.',
  SIGN_IN: 'Signed in to the dashboard.',
  SIGN_OUT: 'Signed out of the dashboard.',
  REGISTER_STREAM: 'Registered a stream.',
  CHANGE_STREAM: 'Changed how a stream is watched or kept.',
  START_STREAM: 'Started a session of a stream.',
  STOP_STREAM: 'Stopped a stream.',
  REMOVE_STREAM: 'Removed a stream, with all that was recorded from it.',
  CHANGE_SESSION: 'Changed the label, the notes or the tags of a session.',
  REMOVE_SESSION: 'Removed a session, with all that was recorded in it.',
  UPLOAD: 'Uploaded a video.',
  INGEST: 'Sent video to a stream, by its address.',
  CREATE_TOKEN: 'Made a token.',
  REVOKE_TOKEN: 'Revoked a token.',
  ERASE: 'Erased what was recorded of a session, a track, a stretch of time or a tag.',
  ROTATE_SECRETS: 'Sealed the passwords of sources, and where outputs go, with a new key.',
  ADD_OUTPUT: 'Added an output.',
  CHANGE_OUTPUT: 'Changed an output, or mien turned it off, because its receiver wants no more.',
  REMOVE_OUTPUT: 'Removed an output.',
  TEST_OUTPUT: 'Sent an example to an output.',
  EXPORT: 'Exported what was recorded of a session.',
  EXPORT_AUDIT: 'Exported the audit.',
  EXPIRE_AUDIT: 'Entries of the audit were past their time, and deleted.',
};

const OUTCOME_DESCRIPTIONS: Record<AuditOutcome, string> = {
  OK: 'It was done.',
  REFUSED: 'Who asked may not, or did not show who they are.',
  FAILED: 'They may, but it did not work; `code` says why.',
};

const ACTOR_DESCRIPTIONS: Record<ActorKind, string> = {
  OPEN: 'Anybody: the server asked nobody who they are.',
  TOKEN: 'The holder of a token.',
  OIDC: 'Somebody whom the OpenID Connect issuer knows.',
  COMMAND: 'A command on the server’s machine.',
  SYSTEM: 'mien itself.',
  UNKNOWN: 'Did not show who they are.',
};

const TARGET_DESCRIPTIONS: Record<AuditTargetType, string> = {
  STREAM: 'A stream.',
  SESSION: 'A session of a stream.',
  UPLOAD: 'An uploaded video.',
  TOKEN: 'A token.',
  PATH: 'An address of this server; of `/graphql`, the name is the path of the field.',
  AUDIT: 'The audit itself.',
  ERASURE: 'An erasure, which `erasures` tells of.',
  OUTPUT: 'An output: another program that is told what happens.',
};

export const AuditActionEnum = builder.enumType('AuditAction', {
  description: 'What was done.',
  values: describedValues(ACTION_DESCRIPTIONS),
});

export const AuditOutcomeEnum = builder.enumType('AuditOutcome', {
  description: 'What came of it.',
  values: describedValues(OUTCOME_DESCRIPTIONS),
});

const ActorKindEnum = builder.enumType('ActorKind', {
  description: 'How somebody showed who they are.',
  values: describedValues(ACTOR_DESCRIPTIONS),
});

const AuditTargetTypeEnum = builder.enumType('AuditTargetType', {
  description: 'What kind of thing it was done to.',
  values: describedValues(TARGET_DESCRIPTIONS),
});

interface Fact {
  name: string;
  value: string;
}

const AuditFact = builder.objectRef<Fact>('AuditFact').implement({
  extensions: AS_PARENT,
  description: 'One fact of an entry of the audit.',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'What it is about.' }),
    value: t.exposeString('value', { description: 'What it says.' }),
  }),
});

export const AuditEntryType = builder.prismaObject('AuditEntry', {
  extensions: AS_PARENT,
  description:
    'Somebody did something, or tried to. Entries are never changed, and deleted when `MIEN_AUDIT_DAYS` are over.',
  fields: (t) => ({
    id: t.exposeID('ordinal', { description: 'Its number, in the order of storing; some are left out.' }),
    at: t.expose('at', { type: 'DateTime', description: 'When it was stored, by the database’s clock.' }),
    since: t.expose('since', {
      type: 'DateTime',
      nullable: true,
      description:
        'When it happened, or the first of those it stands for, by the server’s clock; null: when it was stored.',
    }),
    count: t.exposeInt('count', {
      description: 'How many of the same it stands for: what is refused or fails is summed by the minute.',
    }),
    actorKind: t.field({
      type: ActorKindEnum,
      description: 'How they showed who they are.',
      resolve: ({ actorKind }) => actorKind as ActorKind,
    }),
    actorId: t.exposeString('actorId', {
      description: 'Who did it: a token’s id, or the issuer and subject of OpenID Connect.',
    }),
    actorName: t.exposeString('actorName', { description: 'What they were called then.' }),
    address: t.exposeString('address', {
      nullable: true,
      description: 'The IP address it came from; null: mien itself, a command, or several addresses.',
    }),
    action: t.field({
      type: AuditActionEnum,
      description: 'What was done.',
      resolve: ({ action }) => action as AuditAction,
    }),
  }),
});

builder.prismaObjectFields(AuditEntryType, (t) => ({
  targetType: t.field({
    type: AuditTargetTypeEnum,
    nullable: true,
    description: 'What kind of thing it was done to; null: to nothing of its own.',
    resolve: ({ targetType }) => targetType as AuditTargetType | null,
  }),
  targetId: t.exposeString('targetId', {
    nullable: true,
    description: 'Its id; null where it never had one, or that is a secret.',
  }),
  targetName: t.exposeString('targetName', { nullable: true, description: 'What it was called then.' }),
  outcome: t.field({
    type: AuditOutcomeEnum,
    description: 'What came of it.',
    resolve: ({ outcome }) => outcome as AuditOutcome,
  }),
  code: t.exposeString('code', { nullable: true, description: 'Code of the error; null: none.' }),
  detail: t.field({
    type: [AuditFact],
    description: 'A few facts more: no secrets, and nothing of the people who are filmed.',
    resolve: ({ detail }) =>
      Object.entries(detail as AuditDetail).map(([name, value]) => ({ name, value: String(value) })),
  }),
}));
