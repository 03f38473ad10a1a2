/** What GraphQL refuses in queries and subscriptions is written down too; mutations see to it themselves. */
import { type ExecutionArgs, type GraphQLError, getOperationAST, Kind, OperationTypeNode } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import type { Audit } from '../../domain/audit.ts';
import { codeOf, isRefusal } from '../errors/code-of-error.ts';
import type { Fanout } from '../fanout/fanout.ts';
import { requesterOf } from '../fanout/operation.ts';

/** For queries and mutations, over every transport. */
export function auditRefusals(audit: Audit): Plugin {
  return {
    onExecute: ({ args }) => ({
      onExecuteDone({ result }) {
        if ('errors' in result) recordRefusals(audit, args, result.errors);
      },
    }),
  };
}

/** For subscriptions that may not begin. */
export function auditRefusedSubscriptions(fanout: Fanout, audit: Audit): Fanout {
  return {
    async subscribe(args) {
      const begun = await fanout.subscribe(args);
      if ('errors' in begun) recordRefusals(audit, args, begun.errors);
      return begun;
    },
    close: (reason) => fanout.close(reason),
  };
}

function recordRefusals(audit: Audit, args: ExecutionArgs, errors: readonly GraphQLError[] = []): void {
  const isMutation =
    getOperationAST(args.document, args.operationName)?.operation === OperationTypeNode.MUTATION;
  for (const error of errors) {
    const code = codeOf(error);
    if (!isRefusal(code) || (isMutation && error.path?.length === 1)) continue;
    void audit.record({
      requester: requesterOf(args),
      action: 'ACCESS',
      target: { type: 'PATH', id: '/graphql', name: fieldOf(error) },
      ...{ outcome: 'REFUSED', code },
    });
  }
}

/** By its name in the schema: its path holds whatever the client called it instead, another field's name or anybody's. */
function fieldOf({ nodes = [] }: GraphQLError): string | null {
  const [node] = nodes;
  return node?.kind === Kind.FIELD ? node.name.value : null;
}
