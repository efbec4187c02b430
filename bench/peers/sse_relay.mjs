// A peer: the plain way to relay a model's stream in Node. Each WebSocket connection fetches one stream from
// the provider and sends each token on as one frame, like the ones that Chatbox sends.
//   node sse_relay.mjs PROVIDER_PORT
import http from 'node:http';
import { WebSocketServer } from 'ws';

const providerPort = Number(process.argv[2]);

function relay(socket, query) {
  const request = http.get({ host: '127.0.0.1', port: providerPort, path: `/sse${query}` }, (response) => {
    response.setEncoding('utf8');
    let rest = '';
    response.on('data', (chunk) => {
      const events = (rest + chunk).split('\n\n');
      rest = events.pop();
      for (const event of events) {
        if (event === 'data: [DONE]') {
          socket.close(1000);
          return;
        }
        const content = JSON.parse(event.slice('data: '.length)).choices[0].delta.content;
        if (content === undefined) continue;
        const frame = {
          type: 'ai_response',
          content,
          sender: 'ai',
          metadata: { streaming: 'true', done: 'false' },
          timestamp: new Date().toISOString(),
        };
        socket.send(JSON.stringify(frame));
      }
    });
  });
  request.on('error', () => socket.close(1011));
  socket.on('close', () => request.destroy());
}

const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false }, () => {
  console.log(`listening on ${server.address().port}`);
});

server.on('connection', (socket, request) => {
  socket.on('error', () => socket.terminate());
  relay(socket, request.url.slice(request.url.indexOf('?')));
});
