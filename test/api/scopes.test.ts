/** Every field of the schema says who may ask for it. */
import {
  GraphQLInterfaceType,
  GraphQLObjectType,
  GraphQLSchema,
  GraphQLString,
  isInterfaceType,
  isObjectType,
} from 'graphql';
import { expect, test } from 'vitest';
import { schema } from '../../src/api/schema/index.ts';
import { ROLES } from '../../src/domain/access.ts';

type Extensions = Readonly<Record<string, unknown>>;

/** The fields without a stated scope. A field of a root type states its own; what its type says does not count there. */
function fieldsWithoutScope(of: GraphQLSchema): string[] {
  const roots = [of.getQueryType(), of.getMutationType(), of.getSubscriptionType()];
  return Object.values(of.getTypeMap()).flatMap((type) => {
    if (type.name.startsWith('__') || !(isObjectType(type) || isInterfaceType(type))) return [];
    const isRoot = roots.some((root) => root === type);
    const ofType = hasScopes(type.extensions) || type.extensions.access === 'AS_PARENT';
    return Object.values(type.getFields())
      .filter(({ extensions }) => !hasScopes(extensions) && (isRoot || !ofType))
      .map(({ name }) => `${type.name}.${name}`);
  });
}

/** Of a map of scopes, which asks for one of the roles; a function of them decides by itself. */
function hasScopes({ pothosOptions }: Extensions): boolean {
  const { authScopes } = (pothosOptions ?? {}) as { authScopes?: unknown };
  if (typeof authScopes === 'function') return true;
  const { role } = (authScopes ?? {}) as { role?: unknown };
  return ROLES.some((known) => known === role);
}

test('every field of the schema has a stated scope, and every query, mutation and subscription one of its own', () => {
  expect(fieldsWithoutScope(schema)).toEqual([]);
});

test('the walk over the schema finds a field without a scope, of whatever type it is', () => {
  const scoped = { pothosOptions: { authScopes: { role: 'VIEWER' } } };
  const field = (extensions: Extensions = {}) => ({ type: GraphQLString, extensions });
  const fields = {
    bare: field(),
    marked: field({ access: 'AS_PARENT' }),
    empty: field({ pothosOptions: { authScopes: {} } }),
    scoped: field(scoped),
  };
  const root = (name: string) => new GraphQLObjectType({ name, fields, extensions: scoped });
  const types = [
    new GraphQLObjectType({ name: 'Bare', fields }),
    new GraphQLInterfaceType({ name: 'Interface', fields }),
    new GraphQLObjectType({ name: 'Marked', fields, extensions: { access: 'AS_PARENT' } }),
    new GraphQLObjectType({ name: 'Scoped', fields, extensions: scoped }),
  ];
  const [query, mutation, subscription] = ['Q', 'M', 'S'].map(root);
  const found = fieldsWithoutScope(new GraphQLSchema({ query, mutation, subscription, types }));
  const bare = (type: string) => ['bare', 'marked', 'empty'].map((name) => `${type}.${name}`);
  expect(found.sort()).toEqual(['Bare', 'Interface', 'M', 'Q', 'S'].flatMap(bare).sort());
});
