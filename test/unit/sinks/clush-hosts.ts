/** A thousand hosts with 200 lines each in three variants: what clush was given, and what gather is given. */
export const CLUSH_HOSTS: readonly string[] = Array.from({ length: 1000 }, (_, index) => `n${index + 1}`);

export type Variant = 'a' | 'b' | 'c';
export const VARIANTS: readonly Variant[] = ['a', 'b', 'c'];

/** Scattered, so that the folded lists have gaps. */
export function variantOf(index: number): Variant {
  if (index % 7 === 3) return 'b';
  return index % 50 === 20 || index === 999 ? 'c' : 'a';
}

export function textOf(variant: Variant): string {
  const line = (_: unknown, index: number): string =>
    index === 100 ? `the ${variant} of it\n` : `package-${index} 1.${index % 9}.${index % 13} amd64\n`;
  return Array.from({ length: 200 }, line).join('');
}
