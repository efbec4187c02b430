// How long to wait before the next attempt to connect.

export interface BackoffLimits {
  /** Milliseconds. No wait is shorter, so that a server in trouble is not hammered. */
  shortest: number;
  /** Milliseconds. No wait is longer. */
  longest: number;
}

export const defaultBackoff: BackoffLimits = { shortest: 1000, longest: 30_000 };

/**
 * The wait before attempt number `attempt` (0 is the first). It doubles from attempt to attempt; the upper half of it is left
 * to chance, so that clients that lost the same server do not come back in the same second.
 */
export function backoffDelay(attempt: number, random: () => number, limits: BackoffLimits = defaultBackoff): number {
  const ceiling = Math.min(limits.longest, 2 * limits.shortest * 2 ** Math.min(attempt, 20));
  return Math.max(limits.shortest, Math.round(ceiling * (0.5 + random() * 0.5)));
}
