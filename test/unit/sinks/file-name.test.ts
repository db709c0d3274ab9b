import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fileNameOf, fileNames } from '../../../src/sinks/file-name.js';
import { makeTarget } from '../make.js';

describe('fileNameOf', () => {
  it.each([
    ['web1', 'web1'],
    ['deploy@web1:2222', 'deploy@web1%3a2222'],
    ['web1.example.com', 'web1.example.com'],
    ['[2001:db8::1]:22', '%5b2001%3adb8%3a%3a1%5d%3a22'],
    ['..', '%2e.'],
    ['.hidden', '%2ehidden'],
    ['../../etc/passwd', '%2e.%2f..%2fetc%2fpasswd'],
    ['a b\n', 'a%20b%0a'],
    ['100%', '100%25'],
    ['münchen', 'm%c3%bcnchen'],
    ['a~b', 'a%7eb'],
  ])('%j is %j', (label, name) => {
    expect(fileNameOf(label)).toBe(name);
  });

  it('tells capitals from small letters on file systems that do not', () => {
    const names = ['web1', 'Web1', 'WEB1'].map(fileNameOf);
    expect(new Set(names.map((name) => name.toLowerCase())).size).toBe(3);
    expect(names[1]).toMatch(/^Web1~[0-9a-f]{16}$/);
  });

  it('is short, plain, never a folder’s own name, and no two hosts share one', () => {
    const label = fc.string({ unit: 'binary', maxLength: 300 });
    fc.assert(
      fc.property(fc.uniqueArray(label, { maxLength: 20 }), (labels) => {
        const names = labels.map(fileNameOf);
        const plain = /^[A-Za-z0-9_@+=,%~-][A-Za-z0-9_@+=,%~.-]{0,136}$/;
        expect(names.filter((name) => !plain.test(name))).toEqual([]);
        // Lone surrogates have no bytes of their own.
        const different = new Set(labels.map((one) => Buffer.from(one).toString('hex')));
        expect(new Set(names.map((name) => name.toLowerCase())).size).toBe(different.size);
      }),
      { numRuns: 40 },
    );
  });

  it('two targets of one label have files of their own', () => {
    const targets = [makeTarget('a', { label: 'x' }), makeTarget('b', { label: 'x', index: 1 })];
    const names = fileNames(targets);
    expect(names[0]).toBe('x');
    expect(names[1]).toMatch(/^x~[0-9a-f]{16}$/);
  });
});
