import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';

const read = (name: string): Record<string, unknown> =>
  JSON.parse(readFileSync(new URL(`../../../schema/${name}`, import.meta.url), 'utf8')) as Record<
    string,
    unknown
  >;

/**
 * The schemas that are shipped, with one rule more: a key that they don't name is a fault. So none is added without
 * being described.
 */
function strict(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(strict);
  if (typeof schema !== 'object' || schema === null) return schema;
  const entries = Object.entries(schema).map(([key, value]) => [key, strict(value)]);
  const all = Object.fromEntries(entries) as Record<string, unknown>;
  return 'properties' in all && 'type' in all ? { additionalProperties: false, ...all } : all;
}

function validator(name: string, change: (schema: unknown) => unknown): (document: unknown) => string {
  const ajv = new Ajv2020({ allErrors: true, strictTypes: false });
  const schemas = [
    'run-1.json',
    'event-1.json',
    'record-1.json',
    'jobs-1.json',
    'map-1.json',
    'map-event-1.json',
    'check-1.json',
    'host-keys-1.json',
  ].map((file) => change(read(file)) as { $id: string });
  for (const schema of schemas) ajv.addSchema(schema);
  const validate = ajv.getSchema(`https://pssh-ts.invalid/schema/${name}`);
  if (validate === undefined) throw new Error(`no schema ${name}`);
  return (document) => (validate(document) === true ? '' : ajv.errorsText(validate.errors));
}

/** What is wrong with a document; empty: nothing. */
export const runFaults = validator('run-1.json', strict);
export const eventFaults = validator('event-1.json', strict);
export const recordFaults = validator('record-1.json', strict);
export const jobsFaults = validator('jobs-1.json', strict);
export const checkFaults = validator('check-1.json', strict);
export const hostKeysFaults = validator('host-keys-1.json', strict);
export const runFaultsAsShipped = validator('run-1.json', (schema) => schema);
export const mapFaults = validator('map-1.json', strict);
export const mapEventFaults = validator('map-event-1.json', strict);
