// What a version 2 client holds: the events of its session and the text of the answer in flight. It fails on any
// hole and on any character twice.
import assert from 'node:assert/strict';

export class Transcript {
  constructor() {
    this.seq = 0;
    this.events = []; // the content of event n at n - 1
    this.message = undefined; // the answer in flight
    this.text = Buffer.alloc(0);
    this.resets = 0;
    this.isResumed = true; // false while what was missed is still coming
    this.sent = new Map(); // client_id -> content: an ack does not repeat what was said
  }

  take(frame) {
    if (frame.type === 'reset') return this.reset();
    if (frame.type === 'resumed') {
      this.isResumed = true;
      assert.equal(frame.seq, this.seq, 'everything that was missed has come');
    }
    if (frame.type === 'snapshot' || (frame.type === 'ai_response' && frame.metadata?.streaming === 'true')) {
      this.grow(frame);
    } else if (frame.type === 'ack') {
      // An ack may overtake events that were missed; the message then comes again among them.
      if (this.isResumed || frame.seq === this.seq + 1) this.commit(frame.seq, this.sent.get(frame.client_id));
    } else if (frame.type === 'error' && frame.seq) {
      this.commit(frame.seq, frame.message_id === this.message ? this.text.toString() : '');
    } else if (frame.type === 'user_message' || (frame.type === 'ai_response' && frame.seq)) {
      this.commit(frame.seq, frame.content ?? '');
    }
  }

  grow(frame) {
    if (frame.message_id !== this.message) {
      assert.equal(frame.offset, 0, `a new answer begins at 0: ${JSON.stringify(frame)}`);
      this.message = frame.message_id;
      this.text = Buffer.alloc(0);
    }
    assert.equal(frame.offset, this.text.length, `at ${this.text.length} came ${JSON.stringify(frame)}`);
    this.text = Buffer.concat([this.text, Buffer.from(frame.content ?? '')]);
    if (frame.metadata?.done === 'true') this.commit(frame.seq, this.text.toString());
  }

  commit(seq, content) {
    if (seq <= this.seq) return; // an event that we have
    assert.equal(seq, this.seq + 1, `event ${this.seq + 1} is left out`);
    this.seq = seq;
    this.events.push(content);
  }

  reset() {
    Object.assign(this, new Transcript(), { resets: this.resets + 1, sent: this.sent, isResumed: this.isResumed });
  }

  // The query with which a client comes back to where it was.
  position(sessionId) {
    if (!sessionId) return {};
    this.isResumed = false;
    const partial = this.message && { message_id: this.message, offset: String(this.text.length) };
    return { session_id: sessionId, after_seq: String(this.seq), ...partial };
  }
}
