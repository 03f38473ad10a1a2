/** What a browser does at the provider of `oidc-issuer.ts`: follows redirects, keeps cookies, fills in its forms. */

/**
 * @param location where the server sent the browser
 * @param name whom to sign in as
 * @returns the address that the provider sends the browser back to
 */
export async function walkSignIn(location: string, name: string): Promise<URL> {
  const { origin } = new URL(location);
  const jar = new Map<string, string>();
  let next: { address: string; form?: URLSearchParams } = { address: location };
  // Two forms, each with a redirect before and behind it.
  for (let step = 0; step < 12; step++) {
    const response = await fetch(next.address, {
      redirect: 'manual',
      headers: { cookie: [...jar].map(([key, value]) => `${key}=${value}`).join('; ') },
      ...(next.form && { method: 'POST', body: next.form }),
    });
    for (const cookie of response.headers.getSetCookie()) {
      const [, key = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
      jar.set(key, value);
    }
    const to = response.headers.get('location');
    if (to !== null) {
      const there = new URL(to, next.address);
      if (there.origin !== origin) return there;
      next = { address: there.href };
      continue;
    }
    const html = await response.text();
    const action = /<form[^>]* action="([^"]+)"/.exec(html)?.[1];
    const prompt = /name="prompt" value="(\w+)"/.exec(html)?.[1];
    if (action === undefined || prompt === undefined)
      throw new Error(`the provider says: ${html.slice(0, 500)}`);
    const form = new URLSearchParams({ prompt, ...(prompt === 'login' && { login: name, password: 'any' }) });
    next = { address: new URL(action, next.address).href, form };
  }
  throw new Error('the provider does not come to an end');
}
