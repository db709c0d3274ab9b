// Installs what the integration tests need, without a daemon on port 22: node --import tsx scripts/setup-sshd.ts
import { ensureSshd, NoSshdError } from '../test/fleet/ensure-sshd.js';

try {
  console.log(`sshd: ${ensureSshd((line) => console.log(line))}`);
} catch (error) {
  if (!(error instanceof NoSshdError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
