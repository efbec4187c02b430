// Who is writing: said seldom, and believed for a moment only, so that a lost "no more" does no harm.

import type { Clock } from './connection';
import type { Sender } from './frames';

export interface TypingLimits {
  /** Milliseconds after which it is said again while somebody goes on writing. */
  repeat: number;
  /** Milliseconds without a key after which somebody has stopped writing. */
  pause: number;
  /** Milliseconds for which the word of another is believed. Longer than `repeat`. */
  belief: number;
}

export const defaultTyping: TypingLimits = { repeat: 3000, pause: 4000, belief: 6000 };

/** Our own writing, on its way out. */
export class TypingSender {
  private active = false;
  private toldAt = 0;
  private cancel = (): void => undefined;

  /** `tell` answers whether it could be said now. */
  constructor(
    private readonly clock: Clock,
    private readonly tell: (active: boolean) => boolean,
    private readonly limits: TypingLimits = defaultTyping,
  ) {}

  /** Something was written into the message. */
  key(): void {
    this.cancel();
    this.cancel = this.clock.after(this.limits.pause, () => this.pause());
    const now = this.clock.now();
    if (this.active && now - this.toldAt < this.limits.repeat) return;
    if (this.tell(true)) {
      this.active = true;
      this.toldAt = now;
    }
  }

  /** The message was emptied, or nothing was written for a while. */
  pause(): void {
    const told = this.active;
    this.forget();
    if (told) this.tell(false);
  }

  /** Nothing has to be taken back: the message was sent, which says it all, or nobody listens any more. */
  forget(): void {
    this.cancel();
    this.cancel = () => undefined;
    this.active = false;
  }
}

/** The writing of others. */
export class TypingWatch {
  private readonly until = new Map<Sender, () => void>();

  constructor(
    private readonly clock: Clock,
    private readonly changed: () => void,
    private readonly limits: TypingLimits = defaultTyping,
  ) {}

  get writing(): Sender[] {
    return [...this.until.keys()];
  }

  heard(sender: Sender, active: boolean): void {
    const known = this.until.get(sender);
    known?.();
    if (active) this.until.set(sender, this.clock.after(this.limits.belief, () => this.heard(sender, false)));
    else this.until.delete(sender);
    if (active !== (known !== undefined)) this.changed();
  }

  forgetAll(): void {
    for (const sender of this.writing) this.heard(sender, false);
  }
}
