import { expect, test } from 'vitest';
import { chosenShard, ownTargets } from '../../../src/cli/shard.js';
import { makeTarget } from '../make.js';

test.each<[string, NodeJS.ProcessEnv, [number, number, string]]>([
  ['2/4', {}, [2, 4, '--shard']],
  ['auto', { CI_NODE_INDEX: '1', CI_NODE_TOTAL: '3' }, [1, 3, 'CI_NODE_INDEX']],
  [
    'auto',
    { SLURM_ARRAY_TASK_ID: '4', SLURM_ARRAY_TASK_COUNT: '5', SLURM_ARRAY_TASK_MIN: '0' },
    [5, 5, 'SLURM_ARRAY_TASK_ID'],
  ],
  [
    'auto',
    {
      SLURM_ARRAY_TASK_ID: '15',
      SLURM_ARRAY_TASK_COUNT: '4',
      SLURM_ARRAY_TASK_MIN: '10',
      SLURM_ARRAY_TASK_STEP: '5',
    },
    [2, 4, 'SLURM_ARRAY_TASK_ID'],
  ],
  ['auto/3', { JOB_COMPLETION_INDEX: '0' }, [1, 3, 'JOB_COMPLETION_INDEX']],
  ['auto', { CI_NODE_INDEX: '2', CI_NODE_TOTAL: '2', JOB_COMPLETION_INDEX: '0' }, [2, 2, 'CI_NODE_INDEX']],
])('%s with %j', (text, env, [index, total, source]) => {
  expect(chosenShard(text, env)).toEqual({ index, total, source });
});

test.each<[string, NodeJS.ProcessEnv, RegExp]>([
  ['auto', {}, /none of CI_NODE_INDEX .* is set; write --shard I\/N/],
  ['auto', { JOB_COMPLETION_INDEX: '0' }, /Kubernetes does not say how many .* auto\/4/],
  ['auto', { CI_NODE_INDEX: '4', CI_NODE_TOTAL: '3' }, /CI_NODE_INDEX is "4": there is no share 4 of 3/],
  ['auto', { CI_NODE_INDEX: 'x', CI_NODE_TOTAL: '3' }, /CI_NODE_INDEX is "x", no whole number/],
  ['auto', { SLURM_ARRAY_TASK_ID: '1', SLURM_ARRAY_TASK_COUNT: '3' }, /SLURM_ARRAY_TASK_MIN is "", no whole/],
  [
    'auto',
    {
      SLURM_ARRAY_TASK_ID: '2',
      SLURM_ARRAY_TASK_COUNT: '3',
      SLURM_ARRAY_TASK_MIN: '1',
      SLURM_ARRAY_TASK_STEP: '2',
    },
    /not evenly numbered/,
  ],
  ['3', {}, /is no share/],
])('%s with %j is refused', (text, env, reason) => expect(() => chosenShard(text, env)).toThrow(reason));

test('hosts keep the places that they have in the whole list, and a note counts them', () => {
  const targets = Array.from({ length: 7 }, (_, index) => makeTarget(`h${index}`, { index }));
  const notes: string[] = [];
  const parts = [1, 2, 3].map((index) =>
    ownTargets(targets, { index, total: 3, source: '--shard' }, (note) => void notes.push(note)),
  );
  expect(parts.flat().sort((a, b) => a.index - b.index)).toEqual(targets);
  expect(notes).toEqual([1, 2, 3].map((index) => `shard ${index} of 3: ${index === 1 ? 3 : 2} of 7 hosts`));
  expect(ownTargets(targets, null, () => undefined)).toBe(targets);
});
