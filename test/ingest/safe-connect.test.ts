/** Which addresses a source may reach. */
import { expect, test } from 'vitest';
import { isPublicAddress } from '../../src/domain/public-address.ts';
import { createSafeConnector } from '../../src/ingest/network/safe-connect.ts';

test.each(['8.8.8.8', '93.184.216.34', '2606:4700::1111', '::ffff:8.8.8.8'])(
  'the address %s is public',
  (address) => {
    expect(isPublicAddress(address)).toBe(true);
  },
);

test.each([
  ...['127.0.0.1', '10.1.2.3', '172.16.0.1', '192.168.0.1', '169.254.169.254', '100.64.0.1', '0.0.0.0'],
  ...['255.255.255.255', '224.0.0.1', '198.18.0.1', '192.0.2.1', '240.0.0.1', '192.0.0.8'],
  ...['::1', '::', 'fe80::1', 'fc00::1', 'fd12::1', 'fec0::1', 'ff02::1', '::ffff:10.0.0.1', '::127.0.0.1'],
  ...['64:ff9b::a00:1', '2002:7f00:1::', '2001:db8::1', '2001::1', '100::1', 'fe80::1%eth0', 'nonsense', ''],
])('the address %s is not public', (address) => {
  expect(isPublicAddress(address)).toBe(false);
});

test('addresses of listed ranges are allowed, those beside them are refused', async () => {
  const connector = createSafeConnector({ allowPrivate: ['192.168.7.0/24', 'fd00::/16'], connectSeconds: 1 });
  await connector.check('192.168.7.9');
  await connector.check('::ffff:192.168.7.9');
  await connector.check('[fd00::5]');
  await expect(connector.check('192.168.8.1')).rejects.toMatchObject({ code: 'SOURCE_REFUSED' });
  await expect(connector.check('fd01::5')).rejects.toMatchObject({ code: 'SOURCE_REFUSED' });
});
