/** A model that is ready to run, as those who use it see it. */

/** Pixels for a model: uint8 [batch, channels, height, width]. */
export interface ModelInput {
  data: Uint8Array;
  dims: readonly [number, number, number, number];
}

/** A float32 output; the last axis is contiguous. */
export interface ModelOutput {
  data: Float32Array;
  dims: readonly number[];
}

export interface ModelSession {
  /** Outputs by their names. Throws onnxruntime's own errors. */
  run(input: ModelInput): Promise<Record<string, ModelOutput>>;
  close(): Promise<void>;
}

/** What is needed of a model to use it. */
export type RunnableModel = Pick<ModelSession, 'run'>;
