/** How mien connects. @param servers of one cluster, with who it is in the first one's address */
export function connectionOptions({ servers }: { servers: readonly string[] }) {
  const urls = servers.map((server) => new URL(server));
  const { username, password } = urls[0]!;
  const [user, pass] = [decodeURIComponent(username), decodeURIComponent(password)];
  return {
    servers: urls.map(({ host }) => host),
    ...(user !== '' && (pass === '' ? { token: user } : { user, pass })),
    ...(urls.some(({ protocol }) => protocol === 'tls:') && { tls: {} }),
    ...{ name: 'mien', noEcho: true, noAsyncTraces: true, ignoreAuthErrorAbort: true },
    ...{ maxReconnectAttempts: -1, reconnectTimeWait: 250, reconnectJitter: 250, timeout: 3_000 },
    ...{ pingInterval: 2_000, maxPingOut: 2 },
  };
}
