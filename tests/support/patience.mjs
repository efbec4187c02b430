// Deadlines for everything that a test waits for. A sanitized server is several times slower, so all of them
// are multiplied by CHATBOX_TEST_PATIENCE.

const patience = Number(process.env.CHATBOX_TEST_PATIENCE ?? 1);

export const seconds = (n) => n * 1000 * patience;

// Settles like `promise`, or fails after `ms` with what was awaited. `context` adds what is known by then.
export function within(ms, promise, what, context = () => '') {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited ${ms} ms for ${what}\n${context()}`)), ms);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

// A promise with its handles outside.
export function deferred() {
  const result = {};
  result.promise = new Promise((resolve, reject) => Object.assign(result, { resolve, reject }));
  result.promise.catch(() => {});
  return result;
}

// Waits until `condition()` is truthy and answers its value. Only for facts that no event announces.
export async function until(condition, what, ms = seconds(10)) {
  const end = Date.now() + ms;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (Date.now() > end) throw new Error(`waited ${ms} ms until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
