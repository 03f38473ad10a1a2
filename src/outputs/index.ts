export { Outputs } from './outputs.ts';
export type { OutputDeps, OutputMetrics } from './ports.ts';
