import { setMaxListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { onAbort } from '../../../src/core/abort.js';

describe('onAbort', () => {
  it('calls each listener once, in the order they came, and no more', () => {
    const controller = new AbortController();
    const calls: string[] = [];
    onAbort(controller.signal, () => calls.push('a'));
    onAbort(controller.signal, () => calls.push('b'));
    controller.abort();
    controller.abort();
    expect(calls).toEqual(['a', 'b']);
  });

  it('calls at once where the signal is aborted already', () => {
    let calls = 0;
    onAbort(AbortSignal.abort(), () => {
      calls += 1;
    })();
    expect(calls).toBe(1);
  });

  it('does not call what was taken back, not even by a listener before it', () => {
    const controller = new AbortController();
    const calls: string[] = [];
    const stop = onAbort(controller.signal, () => calls.push('never'));
    onAbort(controller.signal, () => {
      calls.push('first');
      stopLast();
    });
    const stopLast = onAbort(controller.signal, () => calls.push('last'));
    stop();
    controller.abort();
    expect(calls).toEqual(['first']);
  });

  it('tells apart two listeners that are the same function', () => {
    const controller = new AbortController();
    let calls = 0;
    const listener = (): void => {
      calls += 1;
    };
    const stop = onAbort(controller.signal, listener);
    onAbort(controller.signal, listener);
    stop();
    controller.abort();
    expect(calls).toBe(1);
  });

  it('adds one real listener, however many there are', () => {
    const { signal } = new AbortController();
    setMaxListeners(1, signal);
    const warnings: Error[] = [];
    const onWarning = (warning: Error): void => void warnings.push(warning);
    process.on('warning', onWarning);
    for (let index = 0; index < 100; index += 1) onAbort(signal, () => undefined);
    return new Promise<void>((resolve) => setImmediate(resolve)).then(() => {
      process.off('warning', onWarning);
      expect(warnings).toEqual([]);
    });
  });

  it('does nothing without a signal', () => {
    expect(() => onAbort(undefined, () => expect.unreachable())()).not.toThrow();
  });
});
