/** An `EventSource` whose place is refused asks again by itself from the same one: by an empty id it forgets it, and begins anew. */
import type { Plugin } from 'graphql-yoga';

type Processing = Parameters<NonNullable<Plugin['onResultProcess']>>[0];

export function useLastEventIdReset(): Plugin {
  return {
    onResultProcess({ request, result, resultProcessor: write, acceptableMediaTypes, setResultProcessor }) {
      if (!write || !acceptableMediaTypes.includes('text/event-stream')) return;
      if (!isRefusedPlace(request, result)) return;
      setResultProcessor(async (refusal, fetchAPI, mediaType) => {
        const response = await write(refusal, fetchAPI, mediaType);
        const { status, headers } = response;
        const events = (await response.text()).replace(/^event: next$/m, 'id:\n$&');
        return new fetchAPI.Response(events, { status, headers });
      }, 'text/event-stream');
    },
  };
}

function isRefusedPlace(request: Request, result: Processing['result']): boolean {
  if (!request.headers.get('last-event-id') || !('errors' in result)) return false;
  const codes = result.errors?.map(({ extensions }) => extensions?.code) ?? [];
  return codes.some((code) => code === 'CURSOR_EXPIRED' || code === 'CURSOR_INVALID');
}
