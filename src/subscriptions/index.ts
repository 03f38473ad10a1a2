export { momentCursor, seqOfCursor } from './cursor.ts';
export type { SubscriptionDeps } from './ports.ts';
export type { MomentsRequest } from './resume-plan.ts';
export { createSubscriptions, type Subscriptions } from './subscriptions.ts';
