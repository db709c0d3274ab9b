import { expect, test } from 'vitest';
import { isPortable } from '../../docker/portable-tests.js';

const hosts = "import { type Hosts, startHosts } from './hosts.js';\n";
const fleet = "import { startFleet } from '../fleet/fleet.js';\n";

test.each([
  ['takes its hosts from startHosts', hosts, true],
  ['starts a fleet', fleet, false],
  ['does both', hosts + fleet, false],
  ['needs no host', "import { expect } from 'vitest';\n", false],
])('a test that %s', (_, text, expected) => {
  expect(isPortable(text)).toBe(expected);
});
