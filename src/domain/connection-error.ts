/** Why a connection failed, in words that follow the name of its other end: `example.org refuses connections; …`. */

export interface OtherEnd {
  /** What should run there: `the broker`. */
  what: string;
  /** What it should speak: `MQTT`. */
  protocol: string;
}

export function connectionErrorOf({ code, message }: NodeJS.ErrnoException, other: OtherEnd): string {
  return causesOf(other)[code ?? ''] ?? `could not be connected to (${code ?? message})`;
}

function causesOf({ what, protocol }: OtherEnd): Record<string, string> {
  const unreachable = 'cannot be reached from here; check the network';
  const unknown = 'has a certificate of an unknown authority; give it by NODE_EXTRA_CA_CERTS';
  const noTls = 'does not speak TLS on this port; check the address and the port';
  return {
    ECONNREFUSED: `refuses connections; check that ${what} runs, and the port`,
    ECONNRESET: `broke off the connection; check that it speaks ${protocol} on this port`,
    EPIPE: `broke off the connection; check that it speaks ${protocol} on this port`,
    EHOSTUNREACH: unreachable,
    ENETUNREACH: unreachable,
    ETIMEDOUT: 'did not answer; check that it is up and can be reached from here',
    // It answered with something else.
    HPE_INVALID_CONSTANT: `does not speak ${protocol} on this port; check the address and the port`,
    EPROTO: noTls,
    ERR_SSL_WRONG_VERSION_NUMBER: noTls,
    DEPTH_ZERO_SELF_SIGNED_CERT:
      'has a certificate that it signed itself; give its authority by NODE_EXTRA_CA_CERTS',
    SELF_SIGNED_CERT_IN_CHAIN: unknown,
    UNABLE_TO_VERIFY_LEAF_SIGNATURE: unknown,
    UNABLE_TO_GET_ISSUER_CERT_LOCALLY: unknown,
    CERT_HAS_EXPIRED: 'has a certificate that has expired',
    ERR_TLS_CERT_ALTNAME_INVALID: 'has a certificate of another name; check the host',
  };
}
