// A provider that speaks the dialect that it is asked in (OpenAI's chat completions, Anthropic's messages, Dify's
// chat messages) and does what a test tells it: stream, stall, cut, refuse, lie. What it does is chosen by the
// question.
import http from 'node:http';
import { dialectOf } from './dialects.mjs';
import { deferred, seconds, until, within } from './patience.mjs';

// One request with the means to answer it.
class Exchange {
  constructor(request, response, body) {
    Object.assign(this, { response, body, headers: request.headers, socket: request.socket, path: request.url });
    this.dialect = dialectOf(request.url);
    this.messages = body.messages ?? [];
    this.text = this.dialect.question(body);
    this.key = this.dialect.key(request.headers);
    this.wantsStream = this.dialect.wantsStream(body);
    this.isGone = false; // the server has hung up on us
    const gone = deferred();
    this.gone = gone.promise;
    response.on('close', () => {
      this.isGone = !this.isEnded;
      gone.resolve(this.isGone);
    });
  }

  start(headers = {}) {
    this.response.writeHead(200, { 'content-type': 'text/event-stream', ...headers });
    this.response.flushHeaders();
    this.socket.setNoDelay(true);
    return this;
  }

  raw(bytes) {
    return this.response.write(bytes);
  }

  event(value) {
    return this.raw(`data: ${JSON.stringify(value)}\n\n`);
  }

  begin(usage) {
    return this.raw(this.dialect.begin(usage));
  }

  token(text) {
    return this.raw(this.dialect.token(text, this.body));
  }

  finish(how = {}) {
    this.raw(this.dialect.finish(how, this.body));
    this.end();
  }

  // The whole answer at once, for who did not ask for a stream.
  whole(text, how) {
    this.isEnded = true;
    this.response.writeHead(200, { 'content-type': 'application/json' });
    this.response.end(JSON.stringify(this.dialect.whole(text, how, this.body)));
  }

  end() {
    this.isEnded = true;
    this.response.end();
  }

  // The connection goes away in good order, but the answer is not complete.
  cut() {
    this.isEnded = true;
    this.socket.end();
  }

  reset() {
    this.isEnded = true;
    this.socket.resetAndDestroy();
  }

  // Waits, also until the server has taken what was written. False when it hung up meanwhile.
  async pause(ms) {
    const drained = new Promise((resolve) =>
      this.response.writableNeedDrain ? this.response.once('drain', resolve) : setImmediate(resolve),
    );
    await Promise.race([drained, this.gone]);
    if (ms > 0) await Promise.race([new Promise((resolve) => setTimeout(resolve, ms)), this.gone]);
    return !this.isGone;
  }
}

// --- scenarios: what to do with an exchange ---

export const stream =
  (tokens, { everyMs = 0, firstMs = 0, ...end } = {}) =>
  async (x) => {
    await x.pause(firstMs);
    if (!x.wantsStream) return void x.whole(tokens.join(''), end);
    x.start().begin(end.usage);
    for (const token of tokens) {
      x.token(token);
      if (!(await x.pause(everyMs))) return;
    }
    x.finish(end);
  };

// The test holds the pen: `const hand = byHand(); provider.on('x', hand); (await hand.asked()).token('a')`.
export function byHand() {
  const exchanges = [];
  const scenario = (x) => void exchanges.push(x);
  scenario.asked = async (nth = 0) => {
    await until(() => exchanges.length > nth, `the provider is asked (${nth + 1})`);
    return exchanges[nth];
  };
  scenario.times = () => exchanges.length;
  return scenario;
}

export const neverAnswers = () => {}; // takes the request, sends not even headers
export const headersOnly = (x) => void x.start();
export const thenSilence = (tokens) => (x) => {
  x.start();
  tokens.forEach((token) => x.token(token));
};
export const cutMidLine = (tokens) => (x) => {
  x.start();
  tokens.forEach((token) => x.token(token));
  x.raw('data: {"choices":[{"index":0,"delta":{"cont');
  x.cut();
};
export const resetAfter = (tokens) => async (x) => {
  x.start();
  tokens.forEach((token) => x.token(token));
  await x.pause(50); // an RST overtakes data that the peer has not read
  x.reset();
};
export const refuse =
  (status, { headers = {}, body } = {}) =>
  (x) => {
    x.isEnded = true;
    x.response.writeHead(status, { 'content-type': 'application/json', ...headers });
    x.response.end(body ?? JSON.stringify(x.dialect.errorBody('scripted', `vendor says ${status}`)));
  };
export const errorInside = (tokens) => (x) => {
  x.start();
  tokens.forEach((token) => x.token(token));
  x.raw(x.dialect.error('server_error', 'vendor secret: the model fell over'));
  x.end();
};
export const withoutDone = (tokens) => (x) => {
  x.start();
  tokens.forEach((token) => x.token(token));
  x.end();
};
export const hugeLine = (bytes) => (x) => {
  x.start().token('before');
  x.raw('data: {"choices":[{"index":0,"delta":{"content":"');
  const piece = Buffer.alloc(64 * 1024, 'x');
  const more = (left) => {
    if (x.isGone) return;
    if (left <= 0) return void (x.raw('"}}]}\n\n'), x.finish());
    x.response.write(piece.subarray(0, Math.min(left, piece.length)), () => more(left - piece.length));
  };
  more(bytes);
};
export const endless =
  ({ everyMs = 1 } = {}) =>
  async (x) => {
    x.start();
    for (let i = 0; ; i++) {
      x.token(`${i} `);
      if (!(await x.pause(everyMs))) return;
    }
  };
// Every byte in a write of its own, so that characters and line ends are torn apart.
export const byteByByte = (text) => async (x) => {
  x.start();
  const bytes = Buffer.from(`${x.dialect.token(text, x.body)}${x.dialect.finish({}, x.body)}`.replaceAll('\n', '\r\n'));
  for (const byte of bytes) {
    await new Promise((resolve) => x.response.write(Buffer.from([byte]), resolve));
    await new Promise(setImmediate);
  }
  x.end();
};

// What the provider says to anything that no scenario was given for.
export const echoed = (text) => ['You ', 'said: ', text];

export class Provider {
  constructor(server) {
    this.server = server;
    this.endpoint = `http://127.0.0.1:${server.address().port}/v1`;
    this.requests = []; // every exchange, in order
    this.scenarios = [];
    this.otherwise = (x) => stream(echoed(x.text))(x);
  }

  // `which`: the exact last message, a RegExp, or a predicate on the exchange.
  on(which, scenario) {
    const matches =
      which instanceof RegExp
        ? (x) => which.test(x.text)
        : typeof which === 'function'
          ? which
          : (x) => x.text === which;
    this.scenarios.unshift([matches, scenario]);
    return scenario;
  }

  async request(nth) {
    await until(() => this.requests.length > nth, `request ${nth + 1} reaches the provider`);
    return this.requests[nth];
  }

  async serve(request, response) {
    let text = '';
    for await (const piece of request.setEncoding('utf8')) text += piece;
    const exchange = new Exchange(request, response, JSON.parse(text));
    this.requests.push(exchange);
    const [, scenario] = this.scenarios.find(([matches]) => matches(exchange)) ?? [];
    await (scenario ?? this.otherwise)(exchange);
  }

  close() {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(resolve));
  }
}

export async function startProvider(t) {
  const server = http.createServer((request, response) => {
    provider.serve(request, response).catch((error) => response.destroy(error));
  });
  server.on('connection', (socket) => socket.on('error', () => {}));
  const listening = new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  await within(seconds(10), listening, 'the scripted provider to listen');
  const provider = new Provider(server);
  t?.after(() => provider.close());
  return provider;
}
