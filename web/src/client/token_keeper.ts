// Sees to it that there is a new token before the old one ends. It asks whoever signed us in, again and again, until one comes.

import type { Clock } from './connection';
import { claimsOf } from './token';

export interface RenewalLimits {
  /** Milliseconds before the end of the token at which a new one is asked for; at most a fifth of the time that it has left. */
  ahead: number;
  /** Milliseconds between two questions. */
  again: number;
}

export const defaultRenewal: RenewalLimits = { ahead: 60_000, again: 15_000 };

/** The longest wait that a timer of a browser can be trusted with. */
const longestTimer = 12 * 3600_000;
/** Whoever answers with tokens that end at once is not asked in a loop. */
const shortestTimer = 1000;

export interface TokenKeeperPorts {
  clock: Clock;
  token(): string | undefined;
  /** Asks for a new token; it comes later, through `renewed`, or never. */
  ask(): void;
}

export class TokenKeeper {
  private cancel = (): void => undefined;
  private asking = false;
  private watchedSince = -Infinity;

  constructor(
    private readonly ports: TokenKeeperPorts,
    private readonly limits: RenewalLimits = defaultRenewal,
  ) {}

  /** Watches the token in force from now on. Call it at the start and whenever there is another one. */
  watch(): void {
    this.stop();
    this.watchedSince = this.ports.clock.now();
    const token = this.ports.token();
    const expires = token ? claimsOf(token).expires : undefined;
    const left = (expires ?? 0) - this.ports.clock.now();
    // By this clock it is over: then the clock may be wrong, and the server will say what is true.
    if (left > 0) this.waitFor(left - Math.min(this.limits.ahead, left / 5));
  }

  /** The server says that the token ends in `left`. Its clock decides, not the one of this device. */
  expiring(left: number): void {
    if (this.asking) return;
    // Tokens that are short enough end soon from the first moment on: that is no reason to change them all the time.
    const fresh = this.ports.clock.now() - this.watchedSince < this.limits.again;
    this.cancel();
    if (fresh) this.waitFor(left - left / 5);
    else this.askAgain();
  }

  /** A new one is needed now. */
  need(): void {
    this.askAgain();
  }

  stop(): void {
    this.asking = false;
    this.cancel();
    this.cancel = () => undefined;
  }

  private waitFor(wait: number): void {
    const late = wait > longestTimer;
    this.cancel = this.ports.clock.after(Math.max(shortestTimer, Math.min(wait, longestTimer)), () => (late ? this.watch() : this.askAgain()));
  }

  private askAgain(): void {
    this.cancel();
    this.asking = true;
    this.cancel = this.ports.clock.after(this.limits.again, () => this.askAgain());
    this.ports.ask();
  }
}
