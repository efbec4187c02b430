// 4. Data race on the connection's session id. Here the id changes while frames are sent and connections close;
// the same suite runs on a ThreadSanitizer build, where any race ends it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { request } from '../support/http.mjs';
import { stage } from '../support/stage.mjs';

test('binding, sending, reading and closing at once neither races nor mixes up sessions', async (t) => {
  const { server, enter } = await stage(t);
  await Promise.all(
    Array.from({ length: 20 }, async (_, i) => {
      const user = `user-${i}`;
      const token = server.token(user);
      for (let round = 0; round < 5; round++) {
        const devices = await Promise.all([enter(user), enter(user), enter(user)]);
        const asked = devices.map((device, n) => device.say(`${user} says ${round}.${n}`));
        const reads = Array.from({ length: 5 }, () => request(server, '/sessions', { token }));
        await devices[0].answer();
        devices[1].drop();
        await Promise.all([...asked, ...reads]);
        const [{ id }] = (await reads[0]).json().sessions.length ? (await request(server, '/sessions', { token })).json().sessions : [{}];
        await request(server, `/sessions/${id}/end`, { method: 'POST', token });
        devices.forEach((device) => device.drop());
        for (const device of devices) {
          for (const frame of device.frames) {
            if (frame.sender === 'user') assert.ok(frame.content.startsWith(`${user} says`), JSON.stringify(frame));
          }
        }
      }
    }),
  );
});
