export { type BusOptions, MemoryBus, QUEUE_CAPACITY, type SubscribeOptions } from './memory.ts';
export { BoundedQueue, type QueueOptions, type Taken } from './queue.ts';
export type { BusEvent, BusEventKind, Identified, Scope } from './topics.ts';
