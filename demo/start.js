// npm run demo: installs the packages, builds, and runs the demo. Nothing outside the project's folder and a
// temp folder is touched.
import { installPackages, run } from '../scripts/bootstrap.js';

installPackages();
const steps = [
  ['npm', ['run', '--silent', 'build']],
  [process.execPath, ['--import', 'tsx', 'demo/demo.ts']],
];
for (const [command, args] of steps) {
  const code = run(command, args);
  if (code !== 0) process.exit(code);
}
