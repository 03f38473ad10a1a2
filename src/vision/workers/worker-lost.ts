/** The worker died with this frame in its hands. The frame is lost; the next one meets the worker's replacement. */
export class WorkerLost extends Error {
  override readonly name = 'WorkerLost';
}
