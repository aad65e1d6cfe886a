// One colour per service, the same for everybody who looks: given in the order of the sorted names.
export const COLOURS = 16;

export function colourOf(services: readonly string[]): Map<string, number> {
  const sorted = [...new Set(services)].sort();
  return new Map(sorted.map((name, index) => [name, index % COLOURS]));
}

/** For a service without company: from its name alone. */
export function colourOfOne(name: string): number {
  let hash = 2166136261;
  for (let index = 0; index < name.length; index++) hash = Math.imul(hash ^ name.charCodeAt(index), 16777619);
  return (hash >>> 0) % COLOURS;
}
