export { BoundedQueue, type QueueOptions, type Taken } from './bounded-queue.ts';
export { type BusOptions, MemoryBus, QUEUE_CAPACITY, type SubscribeOptions } from './memory-bus.ts';
