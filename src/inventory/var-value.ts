/** The value of an inventory variable: bigint is Python's int, number its float. */
export type VarValue =
  | string
  | bigint
  | number
  | boolean
  | null
  | readonly VarValue[]
  | ReadonlyMap<string, VarValue>;

/** A variable as text, as `{{ name }}` would show it in Ansible; lists and dictionaries as JSON. */
export function showVar(value: VarValue): string {
  if (typeof value === 'string') return value;
  if (value === null) return '';
  if (value === true) return 'True';
  if (value === false) return 'False';
  return varJson(value);
}

/** A variable as JSON. */
export function varJson(value: VarValue): string {
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'number') return showFloat(value);
  if (Array.isArray(value)) return `[${value.map(varJson).join(',')}]`;
  if (value instanceof Map) {
    return `{${[...value].map(([key, item]) => `${JSON.stringify(key)}:${varJson(item)}`).join(',')}}`;
  }
  return JSON.stringify(value);
}

// Python's repr() of a float: always marked as one (1.0), exponents of two digits, from 1e16 and below 1e-4.
function showFloat(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  const size = Math.abs(value);
  if (size !== 0 && (size >= 1e16 || size < 1e-4)) {
    return value.toExponential().replace(/e([+-])(\d)$/, 'e$10$2');
  }
  const text = Object.is(value, -0) ? '-0' : String(value);
  return text.includes('.') ? text : `${text}.0`;
}
