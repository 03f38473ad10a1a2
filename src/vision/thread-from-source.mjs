/** Runs a thread's file from sources (tests, tsx): a thread does not inherit tsx's loader. What is built does not need this. */
import { workerData } from 'node:worker_threads';
import { register } from 'tsx/esm/api';

register();
await import(`./${workerData.file}.ts`);
