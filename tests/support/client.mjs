// A chat client over the `ws` package: an implementation of RFC 6455 that is not ours.
import WebSocket from 'ws';
import { deferred, seconds, within } from './patience.mjs';

// The server answered the handshake with something else than 101.
export class Refused extends Error {
  constructor(status, headers, body) {
    super(`refused with ${status}: ${body}`);
    Object.assign(this, { status, headers, body });
  }
}

const isTerminal = (frame) =>
  (frame.type === 'ai_response' && frame.metadata?.done === 'true') || frame.type === 'error';

export class Client {
  constructor(server, socket) {
    this.server = server;
    this.socket = socket;
    this.frames = []; // everything that ever came, in order
    this.read = 0; // how many of them next() has passed
    this.pongs = [];
    this.waiting = null;
    const closed = deferred();
    this.closed = closed.promise;
    socket.on('message', (data, isBinary) => {
      const frame = JSON.parse(data.toString());
      if (isBinary) throw new Error('the server sent a binary frame');
      this.frames.push(frame);
      this.sessionId = frame.session_id ?? this.sessionId;
      this.waiting?.();
    });
    socket.on('error', (error) => (this.error = error));
    socket.on('close', (code, reason) => {
      this.isClosed = { code, reason: reason.toString() };
      closed.resolve(this.isClosed);
      this.waiting?.();
    });
  }

  // how: 'header' | 'query' | 'protocol'. query: further parameters. v: protocol version.
  static async connect(
    server,
    token,
    { how = 'header', query = {}, v, headers = {}, protocols = [], origin } = {},
  ) {
    const parameters = new URLSearchParams(query);
    if (v) parameters.set('v', v);
    if (how === 'query') parameters.set('token', token);
    const url = `ws://127.0.0.1:${server.port}${server.prefix}/ws?${parameters}`;
    const socket = new WebSocket(url, how === 'protocol' ? ['chatbox', token] : protocols, {
      headers: { ...(how === 'header' && token && { authorization: `Bearer ${token}` }), ...headers },
      origin,
      perMessageDeflate: false,
    });
    const client = new Client(server, socket);
    const open = new Promise((resolve, reject) => {
      socket.on('open', resolve);
      socket.on('unexpected-response', async (_, response) => {
        let body = '';
        for await (const chunk of response) body += chunk;
        reject(new Refused(response.statusCode, response.headers, body));
        socket.terminate();
      });
      socket.on('error', reject);
    });
    await within(seconds(10), open, 'the WebSocket handshake', () => server.describe());
    return client;
  }

  describe() {
    const last = this.frames
      .slice(-20)
      .map((frame, i, all) => `  ${this.frames.length - all.length + i}: ${JSON.stringify(frame).slice(0, 300)}`);
    return `${this.frames.length} frames, ${this.read} read, ${JSON.stringify(this.isClosed) ?? 'open'}\n${last.join('\n')}\n${this.server.describe()}`;
  }

  // The next frame for which `wanted` holds, passing over the others.
  async next(wanted = () => true, what = String(wanted), ms = seconds(10)) {
    const end = Date.now() + ms;
    for (;;) {
      while (this.read < this.frames.length) {
        const frame = this.frames[this.read++];
        if (wanted(frame)) return frame;
      }
      if (this.isClosed) throw new Error(`closed while waiting for a frame: ${what}\n${this.describe()}`);
      const more = new Promise((resolve) => (this.waiting = resolve));
      await within(Math.max(1, end - Date.now()), more, `a frame: ${what}`, () => this.describe());
    }
  }

  nextOf(type) {
    return this.next((frame) => frame.type === type, `type ${type}`);
  }

  // Every unread frame up to the one that ends an answer.
  async answer() {
    const frames = [];
    do frames.push(await this.next(() => true, 'the end of the answer'));
    while (!isTerminal(frames.at(-1)));
    const pieces = frames.filter((frame) => frame.type === 'ai_response');
    return { frames, end: frames.at(-1), text: pieces.map((frame) => frame.content ?? '').join('') };
  }

  // Frames that were there, or come, before the answer to something that is answered at once.
  async settled() {
    const type = `barrier_${Math.random().toString(16).slice(2)}`;
    this.send({ type });
    const frames = [];
    for (;;) {
      const frame = await this.next(() => true, 'the barrier');
      if (frame.error?.message.endsWith(type)) return frames;
      frames.push(frame);
    }
  }

  send(frame) {
    this.socket.send(typeof frame === 'string' || Buffer.isBuffer(frame) ? frame : JSON.stringify(frame));
  }

  say(content, more = {}) {
    this.send({ type: 'user_message', session_id: this.sessionId, content, ...more });
  }

  stop(more = {}) {
    this.send({ type: 'stop', session_id: this.sessionId, ...more });
  }

  // Says it and answers what came back.
  ask(content, more = {}) {
    this.say(content, more);
    return this.answer();
  }

  async close(code = 1000) {
    this.socket.close(code);
    return within(seconds(10), this.closed, 'the closing handshake', () => this.describe());
  }

  // Gone without a word, like a phone in a tunnel.
  drop() {
    this.socket.terminate();
  }
}

// Connects for the length of the test `t`.
export async function connect(t, server, token, options) {
  const client = await Client.connect(server, token, options);
  t.after(() => client.drop());
  return client;
}

// The refusal that connecting ends in.
export async function refusal(server, token, options) {
  try {
    (await Client.connect(server, token, options)).drop();
  } catch (error) {
    if (error instanceof Refused) return error;
    throw error;
  }
  throw new Error('the connection was accepted');
}
