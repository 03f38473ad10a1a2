/** How somebody can show who they are, and what this room needs of the store. */
import type { Principal, Role, Tags } from '../domain/access.ts';
import type { SignIn } from '../domain/sign-in.ts';

/** What came with a request. */
export interface Credential {
  /** BEARER: of the header `Authorization`, or of `connection_init`; COOKIE: of the cookie that signing in sets. */
  by: 'BEARER' | 'COOKIE';
  value: string;
}

/** What a credential proves. */
export interface Proof {
  principal: Principal;
  /** By which its scheme knows the credential again, such as the id of a token or of a sign-in. */
  key: string;
}

/** One way to show who one is: tokens, OpenID Connect, signing in. */
export interface Scheme {
  /** Whether a credential is of this kind, told by how it looks. */
  accepts(credential: Credential): boolean;
  /** What guesses at the same secret have in common; null: each stands for itself. */
  targetOf?(credential: Credential): string | null;
  /**
   * @returns null when it is unknown, was ended or has expired
   * @throws MienError UNAUTHENTICATED, with more to say about it; FORBIDDEN; another when it cannot be told now
   */
  verify(credential: Credential): Promise<Proof | null>;
  /** Which of these keys are still good (expiry apart): one question, however many they are. */
  stillGood(keys: readonly string[]): Promise<ReadonlySet<string>>;
}

/** A token as it is stored. */
export interface TokenRecord {
  id: string;
  name: string;
  role: Role;
  streams: Tags | null;
  /** The first characters of its secret. */
  prefix: string;
  /** SHA-256 of its secret. */
  hash: Uint8Array;
  /** Who made it, in words. */
  createdBy: string;
  createdAt: Date;
  expiresAt: Date | null;
  revokedAt: Date | null;
}

export type NewToken = Omit<TokenRecord, 'id' | 'createdAt' | 'revokedAt'>;

export interface TokenStore {
  /** How many were ever made, and how many of these were revoked: the same as long as nothing changes. */
  counts(): Promise<{ made: number; revoked: number }>;
  /** Those that were not revoked and have not expired. */
  live(now: Date): Promise<readonly TokenRecord[]>;
  create(token: NewToken): Promise<TokenRecord>;
  /** Harmless when it was revoked before. @throws MienError NOT_FOUND */
  revoke(id: string): Promise<TokenRecord>;
}

export interface SignInStore {
  /** Those whose time is over are deleted on the way. @param hash of what the browser keeps; @returns its id */
  create(hash: Uint8Array, principal: SignIn['principal']): Promise<string>;
  /** Also where its time is over. */
  byHash(hash: Uint8Array): Promise<SignIn | null>;
  /** Those of these that there are. */
  byIds(ids: readonly string[]): Promise<readonly SignIn[]>;
  /** @returns what has ended by this; null: there was none */
  end(hash: Uint8Array): Promise<SignIn | null>;
}

/** A stream that video is sent to. */
export interface IngestStream {
  id: string;
  name: string;
  /** By which senders and the session find each other. */
  inlet: string;
  /** When its address ends by itself; null: it does not. */
  expiresAt: Date | null;
}

export interface IngestStreamStore {
  /** In place of the address that it had. @param address its hash: SHA-256 of its secret @returns null: there is none @throws MienError BAD_INPUT where nobody sends to it */
  setAddress(
    streamId: string,
    address: { hash: Uint8Array<ArrayBuffer>; expiresAt: Date | null },
  ): Promise<IngestStream | null>;
  /** Also where its time is over. */
  byAddress(hash: Uint8Array<ArrayBuffer>): Promise<IngestStream | null>;
}
