// The packages that are bundled into the command come with their licences: dist/THIRD_PARTY_LICENSES.txt.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';

/**
 * @param {string} root the project's folder, with a slash
 * @param {readonly string[]} inputs the files that were bundled, as esbuild names them
 */
export function writeLicenses(root, inputs) {
  const folders = inputs.flatMap(
    (input) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0] ?? [],
  );
  const notices = [...new Set(folders)].sort().map((folder) => notice(`${root}${folder}`));
  const head = 'The command of pssh-ts (dist/pssh-ts.cjs) holds these packages.\n';
  writeFileSync(`${root}dist/THIRD_PARTY_LICENSES.txt`, [head, ...notices].join(`\n${'='.repeat(80)}\n\n`));
}

/** @param {string} folder */
function notice(folder) {
  const { name, version, license } = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8'));
  const files = readdirSync(folder).filter((file) => /^(licen[cs]e|notice|copying)/i.test(file));
  // Nothing is shipped of which we could not say on what terms.
  if (files.length === 0)
    throw new Error(`${name} has no licence file; look at its terms before it is bundled`);
  const texts = files.map((file) => readFileSync(`${folder}/${file}`, 'utf8').trim());
  return `${name} ${version} (${license})\n\n${texts.join('\n\n')}\n`;
}
