/** npx tsx examples/aggregates.ts SESSION_ID: how much of each five seconds every expression filled. */
// Where the server asks who somebody is.
const secret = process.env.TOKEN;
const access = secret === undefined ? {} : { authorization: `Bearer ${secret}` };
const query = `query ($id: ID!) {
  session(id: $id) { aggregate(bucket: 5) { start faces coverage expressions { expression share } } }
}`;
const response = await fetch('http://localhost:4000/graphql', {
  method: 'POST',
  headers: { ...access, 'content-type': 'application/json' },
  body: JSON.stringify({ query, variables: { id: process.argv[2] } }),
});
const { data, errors } = await response.json();
for (const { start, coverage, expressions } of data?.session?.aggregate ?? []) {
  const shown = expressions.filter(({ share }: { share: number }) => share > 0.1);
  console.log(
    start,
    coverage,
    shown
      .map((one: { expression: string; share: number }) => `${one.expression} ${one.share.toFixed(2)}`)
      .join(', '),
  );
}
if (!data?.session) console.error(errors ?? 'There is no such session.');
