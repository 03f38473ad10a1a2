/** Runs worker.ts from sources (tests, tsx): a thread does not inherit tsx's loader. What is built does not need this. */
import { register } from 'tsx/esm/api';

register();
await import('./worker.ts');
