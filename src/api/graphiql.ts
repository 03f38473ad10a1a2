/** The GraphiQL page, with a subscription to try. */
import type { GraphiQLOptions, renderGraphiQL } from 'graphql-yoga';

export const DEMO_SUBSCRIPTION = `subscription {
  frameEmotions {
    mediaTime
    faces {
      track
      expression
      confidence
    }
  }
}`;

const QUERY = `# mien: apparent facial expressions in live and recorded video.
# Press the play button, and watch the faces of every running stream.
${DEMO_SUBSCRIPTION.replace('subscription', 'subscription Live')}

# The streams, and how their newest sessions went.
query Streams {
  streams {
    nodes {
      name
      latestSession {
        id
        state
        summary {
          frames
          coverage
          expressions {
            expression
            share
          }
        }
      }
    }
  }
}
`;

export const graphiql: GraphiQLOptions = {
  title: 'mien',
  defaultQuery: QUERY,
  subscriptionsProtocol: 'SSE',
};

/** Resolved when the page is first asked for: a quarter of a megabyte that API clients never need. */
export const renderPage: typeof renderGraphiQL = (options) => page(options) as never;

/** From a package rather than from a CDN: the page also opens where there is no network. */
async function page(options: Parameters<typeof renderGraphiQL>[0]): Promise<string> {
  const name = '@graphql-yoga/render-graphiql';
  const offline = (await import(name).catch(() => import('graphql-yoga'))) as {
    renderGraphiQL: typeof renderGraphiQL;
  };
  return String(offline.renderGraphiQL(options));
}
