// What most tests begin with: a provider, a server that uses it, and people who connect.
import { connect } from './client.mjs';
import { startProvider } from './provider.mjs';
import { startServer } from './server.mjs';

export async function stage(t, options = {}) {
  const provider = options.provider ?? (await startProvider(t));
  const server = options.server ?? (await startServer(t, { ...options, provider }));
  // Connects a user, and reads the frame that greets every connection.
  const enter = async (user, { claims, ...how } = {}) => {
    const token = server.token(user, claims);
    const client = await connect(t, server, token, how);
    client.token = token;
    client.greeting = await client.nextOf('connection_status');
    return client;
  };
  return { provider, server, enter };
}

export const isTime = (text) =>
  /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$/.test(text) && !Number.isNaN(Date.parse(text));
export const isId = (text) => /^[0-9a-f]{32}$/.test(text);
