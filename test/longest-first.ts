import { basename } from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Roughly the seconds that files of tests take; those that take less are not worth a line. */
const SECONDS: Readonly<Record<string, number>> = {
  'kill.test.ts': 290,
  'faults-server.test.ts': 250,
  'jump.test.ts': 200,
  'same-as-ssh.test.ts': 170,
  'faults-master.test.ts': 160,
  'faults-sessions.test.ts': 150,
  'map-kill.test.ts': 150,
  'faults-local.test.ts': 145,
  'files-faults.test.ts': 130,
  'map.test.ts': 130,
  'exec.test.ts': 125,
  'sudo-kill.test.ts': 120,
  'jobs.test.ts': 105,
  'sudo.test.ts': 105,
  'roundtrip.test.ts': 100,
  'map-files.test.ts': 90,
  'access.test.ts': 90,
  'masters.test.ts': 80,
  'injection-names.test.ts': 75,
  'views.test.ts': 75,
  'check.test.ts': 70,
  'fleet.test.ts': 70,
  'mux.test.ts': 70,
  'no-mux.test.ts': 60,
  'get.test.ts': 55,
  'progress.test.ts': 45,
  'own-masters.test.ts': 40,
  'deadline.test.ts': 40,
  'put.test.ts': 40,
  'runnable-blocks.test.ts': 40,
  'report.test.ts': 40,
  'tty.test.ts': 35,
  'lost-network.test.ts': 35,
  'completion.test.ts': 35,
  'injection-shells.test.ts': 35,
  'library-files.test.ts': 35,
  'library.test.ts': 35,
  'library-program.test.ts': 35,
  'masters-open.test.ts': 30,
  'kept.test.ts': 30,
  'rolling.test.ts': 30,
  // Unit tests.
  'million.test.ts': 25,
  'hostile.test.ts': 10,
  'library-types.test.ts': 7,
};

/** What takes long is begun with: begun last, it would be waited for by itself. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const cost = ({ moduleId }: TestSpecification): number => SECONDS[basename(moduleId)] ?? 0;
    return (await super.sort(files)).sort((a, b) => cost(b) - cost(a));
  }
}
