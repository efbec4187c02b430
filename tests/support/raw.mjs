// RFC 6455 by hand, so that a test can break any rule of it.
import { randomBytes } from 'node:crypto';
import net from 'node:net';
import { deferred, seconds, within } from './patience.mjs';

export const opcodes = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 };

// The bytes of one frame (section 5.2). `length` lies about the payload's length, `form` chooses how it is written.
export function frameBytes(opcode, payload = '', { fin = true, rsv = 0, masked = true, length, form } = {}) {
  const body = Buffer.from(payload);
  const announced = length ?? body.length;
  const size = form ?? (announced < 126 ? 7 : announced < 65536 ? 16 : 64);
  const head = [
    (fin ? 0x80 : 0) | (rsv << 4) | opcode,
    (masked ? 0x80 : 0) | (size === 7 ? announced : size === 16 ? 126 : 127),
  ];
  const extended = Buffer.alloc(size === 7 ? 0 : size / 8);
  if (size === 16) extended.writeUInt16BE(announced);
  if (size === 64) extended.writeBigUInt64BE(BigInt(announced));
  if (!masked) return Buffer.concat([Buffer.from(head), extended, body]);
  const mask = randomBytes(4);
  return Buffer.concat([Buffer.from(head), extended, mask, body.map((byte, i) => byte ^ mask[i % 4])]);
}

export function closePayload(code, reason = '') {
  const head = Buffer.alloc(2);
  head.writeUInt16BE(code);
  return Buffer.concat([head, Buffer.from(reason)]);
}

export const handshake = (server, token, { path = '/ws', method = 'GET', version = '1.1', headers = {} } = {}) => {
  const lines = {
    Host: `127.0.0.1:${server.port}`,
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': randomBytes(16).toString('base64'),
    ...(token && { Authorization: `Bearer ${token}` }),
    ...headers,
  };
  const shown = Object.entries(lines)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key}: ${value}\r\n`);
  return `${method} ${server.prefix}${path} HTTP/${version}\r\n${shown.join('')}\r\n`;
};

// A TCP connection with everything it received in `buffer`.
export class RawSocket {
  constructor(server, socket) {
    this.server = server;
    this.socket = socket;
    this.buffer = Buffer.alloc(0);
    const closed = deferred();
    this.closed = closed.promise;
    socket.on('data', (data) => {
      this.buffer = Buffer.concat([this.buffer, data]);
      this.waiting?.();
    });
    socket.on('error', () => {});
    socket.on('end', () => this.over());
    socket.on('close', () => {
      this.over();
      closed.resolve();
    });
  }

  over() {
    this.isOver = true; // the peer sends nothing any more
    this.waiting?.();
  }

  static async open(t, server) {
    const socket = net.connect({ host: '127.0.0.1', port: server.port, noDelay: true });
    t.after(() => socket.destroy());
    server.rude.add(socket);
    const connected = new Promise((resolve, reject) => socket.on('connect', resolve).on('error', reject));
    await within(seconds(10), connected, 'a TCP connection', () => server.describe());
    return new RawSocket(server, socket);
  }

  write(bytes) {
    this.socket.write(bytes);
    return this;
  }

  // Waits until `take(buffer)` answers something; what it answers as `used` bytes is removed.
  async read(take, what, ms = seconds(10)) {
    const end = Date.now() + ms;
    for (;;) {
      const taken = take(this.buffer);
      if (taken) {
        this.buffer = this.buffer.subarray(taken.used);
        return taken.value;
      }
      if (this.isOver)
        throw new Error(
          `the connection ended before ${what}, after ${JSON.stringify(this.buffer.toString('latin1'))}`,
        );
      const more = new Promise((resolve) => (this.waiting = resolve));
      await within(
        Math.max(1, end - Date.now()),
        more,
        what,
        () => `${this.buffer.toString('latin1')}\n${this.server.describe()}`,
      );
    }
  }

  // An HTTP/1.1 answer: { status, headers, body }. A 101 and an answer to HEAD have no body.
  async response({ head = false } = {}) {
    const answer = await this.read((buffer) => {
      const end = buffer.indexOf('\r\n\r\n');
      return end >= 0 && { used: end + 4, value: buffer.subarray(0, end).toString('latin1') };
    }, 'the head of an answer');
    const [line, ...rest] = answer.split('\r\n');
    const headers = Object.fromEntries(
      rest.map((text) => [
        text.slice(0, text.indexOf(':')).toLowerCase(),
        text.slice(text.indexOf(':') + 1).trim(),
      ]),
    );
    const status = Number(line.split(' ')[1]);
    const length = head || status === 101 || status === 304 ? 0 : Number(headers['content-length'] ?? 0);
    const body = await this.read(
      (buffer) => buffer.length >= length && { used: length, value: buffer.subarray(0, length).toString() },
      'the body of an answer',
    );
    return { status, line, headers, body };
  }

  // The next frame that the server sent: { fin, rsv, opcode, masked, payload }.
  frame() {
    return this.read((buffer) => {
      if (buffer.length < 2) return null;
      let length = buffer[1] & 0x7f;
      let at = 2;
      if (length === 126) {
        if (buffer.length < 4) return null;
        [length, at] = [buffer.readUInt16BE(2), 4];
      } else if (length === 127) {
        if (buffer.length < 10) return null;
        [length, at] = [Number(buffer.readBigUInt64BE(2)), 10];
      }
      if (buffer.length < at + length) return null;
      return {
        used: at + length,
        value: {
          fin: Boolean(buffer[0] & 0x80),
          rsv: (buffer[0] >> 4) & 7,
          opcode: buffer[0] & 15,
          masked: Boolean(buffer[1] & 0x80),
          payload: Buffer.from(buffer.subarray(at, at + length)),
        },
      };
    }, 'a frame');
  }

  // The next frame with this opcode; the others are passed over.
  async frameOf(opcode) {
    for (;;) {
      const frame = await this.frame();
      if (frame.opcode === opcode) return frame;
      if (frame.opcode === opcodes.close) throw new Error(`closed with ${JSON.stringify(closeOf(frame))}`);
    }
  }

  // The next chat frame for which `wanted` holds.
  async json(wanted = () => true) {
    for (;;) {
      const value = JSON.parse((await this.frameOf(opcodes.text)).payload.toString());
      if (wanted(value)) return value;
    }
  }

  send(opcode, payload, options) {
    return this.write(frameBytes(opcode, payload, options));
  }

  // The code and reason with which the server closes; then the TCP connection must end too.
  async close() {
    const closing = closeOf(await this.frameOf(opcodes.close));
    await this.ended();
    return closing;
  }

  ended() {
    const over = this.isOver
      ? Promise.resolve()
      : new Promise((resolve) => (this.waiting = () => this.isOver && resolve()));
    return within(seconds(10), over, 'the end of the connection', () => this.server.describe());
  }
}

function closeOf({ payload }) {
  return payload.length < 2
    ? { code: 1005, reason: '' }
    : { code: payload.readUInt16BE(), reason: payload.subarray(2).toString() };
}

// A WebSocket connection behind its first frame, connection_status.
export async function openRaw(t, server, token, options) {
  const socket = await RawSocket.open(t, server);
  const answer = await socket.write(handshake(server, token, options)).response();
  if (answer.status !== 101) throw new Error(`no upgrade: ${answer.line} ${answer.body}`);
  socket.upgrade = answer;
  await socket.json((frame) => frame.type === 'connection_status');
  return socket;
}
