import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

const importsFrom = (text: string, module: string): boolean => text.includes(`from '${module}'`);

/**
 * Whether an integration test runs on any hosts that stand already: its hosts come from ./hosts.js alone. One that also
 * starts a fleet needs sshd here.
 */
export function isPortable(text: string): boolean {
  return importsFrom(text, './hosts.js') && !importsFrom(text, '../fleet/fleet.js');
}

/** The paths of the portable tests in a folder, sorted. */
export async function portableTests(folder: string): Promise<string[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.test.ts')).sort();
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')));
  return names.filter((_, index) => isPortable(texts[index] ?? '')).map((name) => join(folder, name));
}
