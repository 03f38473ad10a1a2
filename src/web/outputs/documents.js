/** What is asked about outputs: other programs that are told. */

/** @import { Typed } from '../client.js' */
/** @import * as Answers from '../answers.js' */

const OUTPUT_FIELDS = `id name kind enabled address prefix discoveryPrefix topics
  rules { name expression minDuration minConfidence trackNumber }
  state lastError { message at } sent failed dropped waiting stream { id }`;

/** As many as a server has at most: those of all streams stand beside those of one. */
export const OUTPUTS =
  /** @type {Typed<Answers.DashboardOutputsQuery, Answers.DashboardOutputsQueryVariables>} */ (
    `query DashboardOutputs { outputs(first: 100) { nodes { ${OUTPUT_FIELDS} } } }`
  );

export const ADD_OUTPUT = /** @type {Typed<Answers.DashboardAddOutputMutation, { input: object }>} */ (
  `mutation DashboardAddOutput($input: AddOutputInput!) {
  addOutput(input: $input) { secret output { id } }
}`
);
export const UPDATE_OUTPUT =
  /** @type {Typed<Answers.DashboardUpdateOutputMutation, Answers.DashboardUpdateOutputMutationVariables>} */ (
    `mutation DashboardUpdateOutput($input: UpdateOutputInput!) {
  updateOutput(input: $input) { output { id } }
}`
  );
export const REMOVE_OUTPUT =
  /** @type {Typed<Answers.DashboardRemoveOutputMutation, Answers.DashboardRemoveOutputMutationVariables>} */ (
    `mutation DashboardRemoveOutput($id: ID!) {
  removeOutput(input: { id: $id }) { removedOutputId }
}`
  );
export const TEST_OUTPUT =
  /** @type {Typed<Answers.DashboardTestOutputMutation, Answers.DashboardTestOutputMutationVariables>} */ (
    `mutation DashboardTestOutput($id: ID!) {
  testOutput(input: { id: $id }) { ok message answer milliseconds }
}`
  );
