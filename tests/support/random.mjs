// Random numbers that can be had again: a failing test prints its seed.
import { randomInt } from 'node:crypto';

export class Random {
  constructor(seed = randomInt(2 ** 32)) {
    this.seed = seed >>> 0;
    this.state = this.seed;
  }

  // mulberry32: in [0, 1)
  next() {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let t = this.state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  between(least, most) {
    return least + Math.floor(this.next() * (most - least + 1));
  }

  chance(probability) {
    return this.next() < probability;
  }

  pick(list) {
    return list[this.between(0, list.length - 1)];
  }
}
