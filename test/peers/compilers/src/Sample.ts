/** What a page written with Relay asks: pages of a connection, a node by its id, a mutation, a subscription. */
declare function graphql(text: TemplateStringsArray): unknown;

export const streams = graphql`
  fragment Sample_streams on Query
  @refetchable(queryName: "SamplePagesQuery")
  @argumentDefinitions(first: { type: "Int", defaultValue: 10 }, after: { type: "String" }) {
    streams(first: $first, after: $after) @connection(key: "Sample_streams") {
      edges {
        node {
          id
          ...Sample_stream
        }
      }
    }
  }
`;

export const stream = graphql`
  fragment Sample_stream on Stream @refetchable(queryName: "SampleStreamQuery") {
    name
    latestSession {
      state
      summary {
        coverage
      }
    }
  }
`;

export const page = graphql`
  query SampleQuery($id: ID!) {
    ...Sample_streams
    node(id: $id) {
      ...Sample_stream @alias(as: "stream")
      ... on Session {
        timeline(first: 10) {
          edges {
            node {
              seq
            }
          }
        }
      }
    }
  }
`;

export const start = graphql`
  mutation SampleStartMutation($input: StartStreamInput!) {
    startStream(input: $input) {
      stream {
        ...Sample_stream
      }
    }
  }
`;

export const live = graphql`
  subscription SampleSubscription($streamId: ID, $after: String) {
    frameEmotions(streamId: $streamId, after: $after) {
      cursor
      faces {
        track
        expression
      }
    }
  }
`;
