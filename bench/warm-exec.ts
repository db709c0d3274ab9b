//     npm run build && node --import tsx bench/warm-exec.ts [hosts] [rounds]
import { execTrue } from './exec-true.js';

await execTrue(Number(process.argv[2] ?? 100), Number(process.argv[3] ?? 7), true);
