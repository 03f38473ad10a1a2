import { readFileSync } from 'node:fs';
import {
  buildSchema,
  type GraphQLSchema,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
  lexicographicSortSchema,
  printSchema,
} from 'graphql';
import { expect, test } from 'vitest';
import { schema } from '../../src/api/schema/index.ts';

test('schema.graphql is current (run `npm run schema`)', () => {
  // The order of what was loaded first is that of all tests of this process.
  const sorted = (one: GraphQLSchema) => printSchema(lexicographicSortSchema(one));
  expect(sorted(buildSchema(readFileSync('schema.graphql', 'utf8')))).toBe(sorted(schema));
});

test('every type, field, argument and enum value of the schema has a description', () => {
  const bare: string[] = [];
  const check = (path: string, description: string | null | undefined) => {
    if (!description?.trim()) bare.push(path);
  };
  for (const type of Object.values(schema.getTypeMap())) {
    if (type.name.startsWith('__') || ['String', 'Int', 'Float', 'Boolean', 'ID'].includes(type.name))
      continue;
    check(type.name, type.description);
    if (isEnumType(type))
      for (const value of type.getValues()) check(`${type.name}.${value.name}`, value.description);
    if (isInputObjectType(type)) {
      for (const field of Object.values(type.getFields()))
        check(`${type.name}.${field.name}`, field.description);
    }
    if (isObjectType(type) || isInterfaceType(type)) {
      for (const field of Object.values(type.getFields())) {
        check(`${type.name}.${field.name}`, field.description);
        for (const arg of field.args) check(`${type.name}.${field.name}(${arg.name})`, arg.description);
      }
    }
  }
  expect(bare).toEqual([]);
});

test('no description in the schema speaks of what someone feels', () => {
  const feelings = printSchema(schema).match(/^.*\b(feels|felt|mood|emotional state)\b.*$/gim) ?? [];
  expect(feelings.filter((line) => !line.includes('never what the person feels'))).toEqual([]);
});

test('the Expression enum has the order of the model’s outputs', () => {
  const type = schema.getType('Expression');
  expect(
    isEnumType(type) &&
      type
        .getValues()
        .map(({ name }) => name)
        .join(' '),
  ).toBe('NEUTRAL HAPPINESS SURPRISE SADNESS ANGER DISGUST FEAR CONTEMPT');
});
