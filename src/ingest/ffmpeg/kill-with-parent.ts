import { platform } from 'node:os';

/**
 * Runs ffmpeg so that it dies with us, whatever becomes of us: our end of the guard's standard input closes
 * when this process ends, even by SIGKILL, and the guard then kills ffmpeg. SIGTERM is passed on.
 * `$1` is the HTTP proxy that ffmpeg has to use (or empty), the rest is ffmpeg and its arguments.
 */
const SCRIPT = `
proxy=$1; shift
unset http_proxy https_proxy all_proxy no_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY NO_PROXY
if [ -n "$proxy" ]; then http_proxy=$proxy; export http_proxy; fi
exec 3<&0 </dev/null
child=; stopped=
trap 'stopped=1; if [ -n "$child" ]; then kill -TERM $child; fi' TERM
"$@" 3<&- &
child=$!
if [ -n "$stopped" ]; then kill -TERM $child; fi
{ while read -r line; do :; done <&3; kill -KILL $child; } >/dev/null 2>&1 &
guard=$!
exec >/dev/null 2>&1 3<&-
wait $child; code=$?
while kill -0 $child; do wait $child; code=$?; done
kill -KILL $guard; wait $guard
exit $code
`;

export interface Command {
  path: string;
  /** Come before ffmpeg's own arguments. */
  prefix: string[];
}

/** How to start ffmpeg under guard. Windows has no `/bin/sh`: there it is started bare. */
export function guarded(ffmpegPath: string, proxy: string | undefined): Command {
  if (platform() === 'win32') return { path: ffmpegPath, prefix: [] };
  return { path: '/bin/sh', prefix: ['-c', SCRIPT, 'mien-ffmpeg', proxy ?? '', ffmpegPath] };
}
