/** A stream is registered once, at whichever servers it is asked for at the same time. */

import {
  findTwin,
  type RegisteredStream,
  type RegisterOptions,
  type Registration,
} from './check-registration.ts';
import type { StreamRepository } from './ports.ts';
import { alreadyRegistered } from './stream-errors.ts';

type Twin = NonNullable<ReturnType<typeof findTwin>>;

/** @throws MienError CONFLICT where it was registered with other settings meanwhile */
export async function storeRegistration(
  { streams }: { streams: Pick<StreamRepository, 'createUnless'> },
  registration: Registration,
  shown: RegisterOptions['shown'],
): Promise<RegisteredStream> {
  const { autoStart: shouldRun, ...settings } = registration;
  const stream = { ...settings, shouldRun };
  const twins: Twin[] = [];
  const record = await streams.createUnless(stream, (namesakes) => {
    const twin = findTwin(namesakes, registration, shown ?? null);
    if (twin) twins.push(twin);
    return twin !== null;
  });
  return record === null ? sameAs(twins[0]!) : { ...record, alreadyRegistered: false };
}

/** What is registered already, the same in everything, is given as it is. @throws MienError CONFLICT where it is not the same */
export function sameAs({ stream, isIdentical }: Twin): RegisteredStream {
  if (!isIdentical) throw alreadyRegistered(stream);
  return { ...stream, alreadyRegistered: true };
}
