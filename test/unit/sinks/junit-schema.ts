import { readFileSync } from 'node:fs';
import { validateXML } from 'xmllint-wasm';

const SCHEMA = new URL('schemas/junit.xsd', import.meta.url);

/** What libxml2 says against a JUnit report; nothing: it is valid. */
export async function junitFaults(text: string): Promise<readonly string[]> {
  const { errors } = await validateXML({
    xml: [{ fileName: 'report.xml', contents: text }],
    schema: [readFileSync(SCHEMA, 'utf8')],
  });
  return errors.map(({ rawMessage }) => rawMessage);
}
