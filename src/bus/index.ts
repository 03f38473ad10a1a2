export { BoundedQueue, type QueueOptions, type Taken } from './bounded-queue.ts';
export { type BusOptions, MemoryBus, type SubscribeOptions } from './memory-bus.ts';
export { OrderedPublisher } from './ordered-publisher.ts';
