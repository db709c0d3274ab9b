// Loaded into pssh-ts by NODE_OPTIONS: leaves the most memory that it took, in KiB, in a file.
import { writeFileSync } from 'node:fs';

const { PEAK_MEMORY_FILE } = process.env;
if (PEAK_MEMORY_FILE !== undefined)
  process.on('exit', () => writeFileSync(PEAK_MEMORY_FILE, String(process.resourceUsage().maxRSS)));
