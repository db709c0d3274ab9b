import { createHash } from 'node:crypto';
import * as names from '../core/file-name.js';
import type { Target } from '../core/target.js';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** A file name for any host, as core/file-name makes it. */
export const fileNameOf = (label: string): string => names.fileNameOf(label, sha256);

/** The file name of each target, by its place. */
export const fileNames = (targets: readonly Target[]): readonly string[] => names.fileNames(targets, sha256);
