// Rules that the compiler does not know: the content security policy's, and the house's.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const complaints = [];

const rules = [
  { what: 'sets HTML in the page', files: /\.tsx?$/, pattern: /dangerouslySetInnerHTML|\.innerHTML\s*=|insertAdjacentHTML/ },
  { what: 'runs text as code', files: /\.tsx?$/, pattern: /\beval\(|new Function\(/ },
  { what: 'has a style attribute', files: /\.(tsx|html)$/, pattern: /\sstyle=["']/ },
  { what: 'has inline code', files: /\.html$/, pattern: /<script(?![^>]*\ssrc=)|<style|\son[a-z]+=/ },
  { what: 'leaves something undone', files: /\.(tsx?|css|mjs)$/, pattern: /\b(TO[D]O|FIX[M]E|X[X]X)\b/ },
  { what: 'writes to the console', files: /\.tsx?$/, pattern: /\bconsole\./ },
];

function check(path) {
  const text = readFileSync(path, 'utf8');
  const name = relative(root, path);
  const lines = text.split('\n');
  if (lines.length > 600) complaints.push(`${name}: ${lines.length} lines, more than 600`);
  for (const { what, files, pattern } of rules) {
    if (!files.test(path)) continue;
    lines.forEach((line, at) => {
      if (pattern.test(line)) complaints.push(`${name}:${at + 1}: ${what}`);
    });
  }
}

function walk(folder) {
  for (const entry of readdirSync(folder)) {
    const path = join(folder, entry);
    if (statSync(path).isDirectory()) walk(path);
    else if (/\.(tsx?|css|html)$/.test(entry)) check(path);
  }
}

walk(join(root, 'src'));
for (const page of ['index.html', 'chat.html', 'admin.html']) check(join(root, page));
if (/"resolved":/.test(readFileSync(join(root, 'package-lock.json'), 'utf8'))) {
  complaints.push('package-lock.json: names the host of a registry; install with omit-lockfile-registry-resolved=true');
}

for (const complaint of complaints) process.stderr.write(`${complaint}\n`);
process.exitCode = complaints.length > 0 ? 1 : 0;
