/** What the API needs of the outputs; the composition root hands it over. */
import type {
  NewOutput,
  OutputChange,
  OutputRecord,
  OutputStatus,
  OutputTrial,
} from '../../domain/output.ts';

/** Other programs that are told what happens. */
export interface Outputs {
  /** @throws MienError NOT_FOUND, FORBIDDEN: its address is private; CONFLICT: there are too many, or another has its topics */
  add(output: NewOutput): Promise<{ id: string }>;
  /** @param changeOf made of the output as it is @throws MienError NOT_FOUND, FORBIDDEN, CONFLICT; and what `changeOf` throws */
  change(id: string, changeOf: (record: OutputRecord) => OutputChange): Promise<{ id: string }>;
  /** @throws MienError NOT_FOUND */
  remove(id: string): Promise<void>;
  /** Sends an example. @throws MienError NOT_FOUND */
  test(id: string): Promise<OutputTrial>;
  /** Null: no server runs it; UNKNOWN: those who run outputs do not answer. */
  status(id: string): OutputStatus | null | Promise<OutputStatus | 'UNKNOWN' | null>;
}
