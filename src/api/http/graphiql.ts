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

const DEFAULT_QUERY = `# mien: apparent facial expressions in live and recorded video.
# Press the play button, and watch the faces of every running stream.
${DEMO_SUBSCRIPTION}
`;

export const graphiql: GraphiQLOptions = {
  title: 'mien',
  defaultQuery: DEFAULT_QUERY,
  subscriptionsProtocol: 'SSE',
};

/** From a package, not from a CDN: the page also opens where there is no network. Loaded when it is first asked for. */
export const renderPage: typeof renderGraphiQL = (options) =>
  import('@graphql-yoga/render-graphiql').then((offline) => offline.renderGraphiQL(options)) as never;
