/** Somebody's stay at the dashboard, from signing in to signing out. */
import type { Principal } from './access.ts';

export interface SignIn {
  id: string;
  /** As they were when they signed in; `expiresAt` is when the stay ends at the latest. */
  principal: Principal & { expiresAt: Date };
}
