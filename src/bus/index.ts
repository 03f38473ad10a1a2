export { BoundedQueue, type QueueOptions, type Taken } from './bounded-queue.ts';
export type { Stored } from './catch-up.ts';
export { type Bus, type BusOptions, MemoryBus, type SubscribeOptions } from './memory-bus.ts';
export { createNats } from './nats.ts';
export { openRequests, type Requests } from './nats-requests.ts';
export { OrderedPublisher } from './ordered-publisher.ts';
export { SharedBus, type SharedBusMetrics } from './shared-bus.ts';
