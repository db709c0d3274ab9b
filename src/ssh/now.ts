/** Milliseconds of a clock that nobody sets. It is as good as performance.now(), which takes Node milliseconds to load. */
export const nowMs = (): number => process.uptime() * 1000;
