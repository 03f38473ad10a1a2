/** `@mien/client/react`: moments in components. */
import {
  createContext,
  createElement,
  type FunctionComponent,
  type ReactNode,
  useContext,
  useEffect,
  useMemo,
  useRef,
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
  /** How many of the newest moments `moments` holds; 1 when left out. Another number begins nothing anew. */
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
  error: Error | null;
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
  // A new object with the same in it is no reason to begin anew.
  const key = JSON.stringify(variables);
  const run = useMemo(() => ({ mien, key, paused }), [mien, key, paused]);
  const [state, setState] = useState({ run, ...NOTHING });
  const kept = useRef(keep);
  useEffect(() => {
    kept.current = keep;
    setState((last) =>
      last.moments.length > keep ? { ...last, moments: newest(last.moments, keep) } : last,
    );
  }, [keep]);
  useEffect(() => {
    if (run.paused) return;
    const stop = new AbortController();
    const change = (part: (before: FrameEmotionsState) => Partial<FrameEmotionsState>) => {
      if (stop.signal.aborted) return;
      setState((last) => {
        const before = last.run === run ? last : { run, ...NOTHING };
        return { ...before, ...part(before) };
      });
    };
    const follow = async () => {
      const moments = run.mien.frameEmotions(JSON.parse(run.key), {
        signal: stop.signal,
        onConnection: (connection) => change(() => ({ connection })),
        onGap: ({ message }) => change(() => ({ gap: message })),
      });
      for await (const moment of moments) {
        change((before) => ({ moment, moments: newest([...before.moments, moment], kept.current) }));
      }
    };
    follow().catch((thrown: unknown) => {
      const error = thrown instanceof Error ? thrown : new Error(String(thrown));
      change(() => ({ error, connection: { state: 'ended' } }));
    });
    return () => stop.abort();
  }, [run]);
  // What is left of another run is not shown.
  return state.run === run ? state : NOTHING;
}

function newest(moments: readonly Moment[], count: number): readonly Moment[] {
  return moments.slice(Math.max(0, moments.length - count));
}
