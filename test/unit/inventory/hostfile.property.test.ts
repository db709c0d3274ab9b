import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PsshError } from '../../../src/core/errors.js';
import { HOSTFILE_FORMATS, isHostListFile, parseHostfile } from '../../../src/inventory/hostfile.js';

const pieces = fc.constantFrom(
  ...'[ ] : , @ = # ; { } " \' \\ - * & ! < > | % ? ~ / . 1 a web1 : \n'.split(' '),
  '\n',
  '\n  ',
  '\t',
  ' ',
  '\r\n',
  'hosts:',
  'vars:',
  'children:',
  'Host ',
  'Include ',
  '[web]\n',
  '[web:vars]\n',
  '[1:3]',
  '<<: *a',
  '&a ',
  '\u0000',
  'é',
);
const noFiles = { readFile: () => null, glob: () => [] };

describe('whatever stands in a hosts file', () => {
  it.each(HOSTFILE_FORMATS)('%s: it is read, or refused with one line', (format) => {
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 30 }), (parts) => {
        try {
          parseHostfile('f', parts.join(''), format, { sshConfig: { reader: noFiles, tildeHome: '/root' } });
        } catch (error) {
          expect(error).toBeInstanceOf(PsshError);
          expect((error as PsshError).code).toBe('ERR_INVENTORY');
          expect((error as PsshError).message).not.toMatch(/[\r\n\0]/);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('telling whether it is a hosts file never throws', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => typeof isHostListFile(text) === 'boolean'),
    );
    fc.assert(fc.property(fc.array(pieces), (parts) => typeof isHostListFile(parts.join('')) === 'boolean'));
  });

  it('thirty thousand lines are read within seconds', () => {
    const names = Array.from({ length: 30_000 }, (_, i) => `node${i}.example.com`);
    const ini = `[all:vars]\nx=1\n[g]\n${names.map((name) => `${name} a=1 b="x y"`).join('\n')}`;
    const started = performance.now();
    expect(parseHostfile('f', names.join('\n'), 'list').hosts.size).toBe(30_000);
    expect(parseHostfile('f', ini, 'ini').hosts.size).toBe(30_000);
    expect(performance.now() - started).toBeLessThan(10_000);
  });
});
