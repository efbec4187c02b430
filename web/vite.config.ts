import { defineConfig } from 'vitest/config';

// Relative addresses everywhere (base './'): the server may serve the pages under any path prefix.
export default defineConfig({
  base: './',
  build: {
    target: 'es2021',
    modulePreload: { polyfill: false },
    // Nothing may become a data: URL in a script or style: the content security policy has no room for it.
    assetsInlineLimit: 0,
    rollupOptions: {
      input: {
        index: 'index.html',
        chat: 'chat.html',
        admin: 'admin.html',
      },
      output: { chunkFileNames: 'assets/shared-[hash].js' },
    },
  },
  test: {
    environment: 'jsdom',
    include: ['tests/**/*.test.{ts,tsx}'],
  },
});
