import type { VarValue } from './var-value.js';

/**
 * The value of a plain scalar as YAML 1.1 has it in PyYAML, which Ansible reads with: `yes` and `off` are
 * booleans, `017` is octal, `1:30` counts sixties; but `y`, `1e3` and `0o17` are text. Dates stay text, which
 * is what Ansible shows of them.
 */
export function yamlScalar(text: string): VarValue {
  if (/^(?:~|null|Null|NULL|)$/.test(text)) return null;
  if (/^(?:yes|Yes|YES|true|True|TRUE|on|On|ON)$/.test(text)) return true;
  if (/^(?:no|No|NO|false|False|FALSE|off|Off|OFF)$/.test(text)) return false;
  return integer(text) ?? float(text) ?? text;
}

function integer(text: string): bigint | null {
  const match =
    /^([-+]?)(?:0b([01_]+)|0x([\da-fA-F_]+)|0([0-7_]+)|(0|[1-9][\d_]*)|([1-9][\d_]*(?::[0-5]?\d)+))$/.exec(
      text,
    );
  if (match === null) return null;
  const [, sign, binary, hex, octal, decimal, sixties] = match.map((part) => part?.replaceAll('_', ''));
  let value: bigint;
  if (sixties !== undefined) value = sixties.split(':').reduce((sum, part) => sum * 60n + BigInt(part), 0n);
  else if (decimal !== undefined) value = BigInt(decimal);
  else if (binary) value = BigInt(`0b${binary}`);
  else if (hex) value = BigInt(`0x${hex}`);
  // `0_` is a zero.
  else if (octal !== undefined) value = BigInt(`0o${octal || 0}`);
  else return null;
  return sign === '-' ? -value : value;
}

function float(text: string): number | null {
  const named = /^([-+]?)\.(?:inf|Inf|INF)$|^\.(?:nan|NaN|NAN)$/.exec(text);
  if (named !== null) {
    if (named[1] === undefined) return Number.NaN;
    return named[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  }
  if (/^(?:[-+]?\d[\d_]*\.[\d_]*|\.\d[\d_]*)(?:[eE][-+]\d+)?$/.test(text)) {
    return Number(text.replaceAll('_', ''));
  }
  const sixties = /^([-+]?)(\d[\d_]*(?::[0-5]?\d)+\.[\d_]*)$/.exec(text);
  if (sixties?.[2] === undefined) return null;
  const value = sixties[2]
    .replaceAll('_', '')
    .split(':')
    .reduce((sum, part) => sum * 60 + Number(part), 0);
  return sixties[1] === '-' ? -value : value;
}
