export type DescribedValues<Name extends string> = Record<Name, { value: Name; description: string }>;

/** The values of an enum, in the order of their descriptions; inside it each is called as outside. */
export function describedValues<Name extends string>(
  descriptions: Readonly<Record<Name, string>>,
): DescribedValues<Name> {
  const names = Object.keys(descriptions) as Name[];
  return Object.fromEntries(
    names.map((value) => [value, { value, description: descriptions[value] }]),
  ) as DescribedValues<Name>;
}
