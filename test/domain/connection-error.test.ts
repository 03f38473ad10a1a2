/** What people are told when a connection fails: what is wrong, and what to do. */
import { expect, it } from 'vitest';
import { connectionErrorOf } from '../../src/domain/connection-error.ts';

const BROKER = { what: 'the broker', protocol: 'MQTT' };
const told = (code: string | undefined, message = 'no more is known') =>
  connectionErrorOf(Object.assign(new Error(message), code && { code }), BROKER);

const UNREACHABLE = 'cannot be reached from here; check the network';
const NO_TLS = 'does not speak TLS on this port; check the address and the port';
const UNKNOWN = 'has a certificate of an unknown authority; give it by NODE_EXTRA_CA_CERTS';
const BROKE_OFF = 'broke off the connection; check that it speaks MQTT on this port';

it.each([
  ['ECONNREFUSED', 'refuses connections; check that the broker runs, and the port'],
  ['ECONNRESET', BROKE_OFF],
  ['EPIPE', BROKE_OFF],
  ['EHOSTUNREACH', UNREACHABLE],
  ['ENETUNREACH', UNREACHABLE],
  ['ETIMEDOUT', 'did not answer; check that it is up and can be reached from here'],
  ['HPE_INVALID_CONSTANT', 'does not speak MQTT on this port; check the address and the port'],
  ['EPROTO', NO_TLS],
  ['ERR_SSL_WRONG_VERSION_NUMBER', NO_TLS],
  [
    'DEPTH_ZERO_SELF_SIGNED_CERT',
    'has a certificate that it signed itself; give its authority by NODE_EXTRA_CA_CERTS',
  ],
  ['SELF_SIGNED_CERT_IN_CHAIN', UNKNOWN],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', UNKNOWN],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', UNKNOWN],
  ['CERT_HAS_EXPIRED', 'has a certificate that has expired'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'has a certificate of another name; check the host'],
])('a connection that fails by %s is told as what it is, and what to do', (code, sentence) => {
  expect(told(code)).toBe(sentence);
});

it('what is not known is told by its code, or else by its message', () => {
  expect(told('EWHATEVER')).toBe('could not be connected to (EWHATEVER)');
  expect(told(undefined, 'socket hang up')).toBe('could not be connected to (socket hang up)');
});
