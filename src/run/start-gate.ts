import { type HostResult, hostStatus } from '../core/result.js';
import { isTooMany, type Rolling } from '../core/rolling.js';

/** Counts the hosts that failed, and says whether another one may start. */
export class StartGate {
  private failed = 0;
  private by: 'failure' | 'plan' | null = null;

  /**
   * @param total hosts of the run
   * @param onTooMany told once, when more have failed than are allowed
   */
  constructor(
    private readonly total: number,
    private readonly rolling: Rolling,
    private readonly onTooMany: (failed: number) => void,
  ) {}

  /** Why no further host starts; null: one may. */
  get closedBy(): 'failure' | 'plan' | null {
    return this.by;
  }

  /** Somebody wants no more of it. */
  close(): void {
    this.by ??= 'plan';
  }

  /** A host is done. */
  ended(results: readonly HostResult[]): void {
    const status = hostStatus(results);
    if (status === 'ok' || status === 'skipped') return;
    this.failed += 1;
    if (this.by === 'failure' || !isTooMany(this.failed, this.total, this.rolling)) return;
    this.by = 'failure';
    this.onTooMany(this.failed);
  }
}
