/** `@mien/client/react`: moments in components. */
import {
  createContext,
  createElement,
  type FunctionComponent,
  type ReactNode,
  useContext,
  useEffect,
  useState,
} from 'react';
import type { Mien, Moment } from './client.ts';
import type { Connection } from './follow.ts';

const MienContext = createContext<Mien | null>(null);

/** Gives the hooks below it their client. */
export const MienProvider: FunctionComponent<{ mien: Mien; children?: ReactNode }> = ({ mien, children }) =>
  createElement(MienContext.Provider, { value: mien }, children);

/** @throws Error outside of a `MienProvider` */
export function useMien(): Mien {
  const mien = useContext(MienContext);
  if (mien === null) throw new Error('Put <MienProvider mien={createMien({ … })}> around what uses mien.');
  return mien;
}

export interface UseFrameEmotionsOptions {
  /** How many of the newest moments `moments` holds; 1 when left out. */
  keep?: number;
  /** Nothing is followed while this is true. */
  paused?: boolean;
}

export interface FrameEmotionsState {
  /** The newest; null: none came yet. */
  moment: Moment | null;
  /** The newest ones, the oldest of them first. */
  moments: readonly Moment[];
  connection: Connection;
  /** Why nothing more comes; null: more comes. */
  error: unknown;
  /** The server's sentence, where moments that were missed are not stored any more; null: none were missed. */
  gap: string | null;
}

const NOTHING: FrameEmotionsState = {
  ...{ moment: null, moments: [], error: null, gap: null },
  connection: { state: 'connecting' },
};

/**
 * Follows a stream, a session or all streams for as long as the component is mounted, through broken connections. Other
 * `variables` begin anew.
 */
export function useFrameEmotions(
  variables: NonNullable<Parameters<Mien['frameEmotions']>[0]>,
  { keep = 1, paused = false }: UseFrameEmotionsOptions = {},
): FrameEmotionsState {
  const mien = useMien();
  const [state, setState] = useState(NOTHING);
  // A new object with the same in it is no reason to begin anew.
  const key = JSON.stringify(variables);
  useEffect(() => {
    setState(NOTHING);
    if (paused) return;
    const stop = new AbortController();
    const change = (part: (before: FrameEmotionsState) => Partial<FrameEmotionsState>) => {
      if (!stop.signal.aborted) setState((before) => ({ ...before, ...part(before) }));
    };
    const run = async () => {
      const moments = mien.frameEmotions(JSON.parse(key), {
        signal: stop.signal,
        onConnection: (connection) => change(() => ({ connection })),
        onGap: ({ message }) => change(() => ({ gap: message })),
      });
      for await (const moment of moments) {
        change((before) => ({ moment, moments: [...before.moments, moment].slice(-keep) }));
      }
    };
    run().catch((error: unknown) => change(() => ({ error, connection: { state: 'ended' } })));
    return () => stop.abort();
  }, [mien, key, keep, paused]);
  return state;
}
