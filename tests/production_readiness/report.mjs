// For scripts/readiness-report.
//   report.mjs run                                the tests of each issue: JSON with the counts
//   report.mjs write ISSUES SUMMARY ROOT          the document, from that and from llvm-cov's summary
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));

const issues = {
  1: 'Session memory is never freed',
  2: 'Session id mismatch between manager and router',
  3: 'A replaced connection is not cleaned up',
  4: "Data race on the connection's session id",
  5: 'The main program did not serve',
  6: 'Placeholder secrets',
  7: 'Message validation not enforced',
  8: 'Model streams without a deadline',
  9: 'No database retry',
  10: 'Data race while serialising a session',
  11: 'Rate limiter memory growth',
  12: 'Response times grow without bound',
  13: 'Origin check: data race, open default',
  14: 'Connection-limit notice races; failed upgrades use up slots',
  15: 'Shutdown ignored its deadline',
  16: 'Insecure default for origins',
  17: 'Weak JWT secrets accepted',
  18: 'Admin endpoints without rate limit',
  19: 'Configuration not validated at start',
};

function run() {
  const results = {};
  for (const file of readdirSync(here).filter((name) => name.endsWith('.test.mjs')).sort()) {
    const { stdout } = spawnSync(process.execPath, ['--test', '--test-reporter=tap', join(here, file)], {
      encoding: 'utf8',
    });
    const count = (what) => Number(stdout.match(new RegExp(`^# ${what} (\\d+)$`, 'm'))?.[1] ?? 0);
    const number = Number(file.match(/\d+/)[0]);
    results[number] = { file, passed: count('pass'), failed: count('fail') + count('cancelled') };
    process.stderr.write(`    issue ${number}: ${results[number].passed} passed, ${results[number].failed} failed\n`);
  }
  process.stdout.write(JSON.stringify(results));
  process.exitCode = Object.values(results).some(({ failed, passed }) => failed > 0 || passed === 0) ? 1 : 0;
}

// Lines of each module: src/store/sqlite is one of its own, src/store another.
function coverage(summary, root) {
  const modules = new Map();
  for (const { filename, summary: { lines } } of summary.data[0].files) {
    const path = relative(root, filename);
    if (!path.startsWith('src/')) continue;
    const name = dirname(path).replace(/^src\//, '').replace(/\/include\/.*$/, '');
    const module = modules.get(name) ?? { lines: 0, covered: 0 };
    module.lines += lines.count;
    module.covered += lines.covered;
    modules.set(name, module);
    if (path === 'src/server/main.cpp') modules.set('the entry point (server/main.cpp)', { lines: lines.count, covered: lines.covered });
  }
  return [...modules].sort(([a], [b]) => a.localeCompare(b));
}

function write(issuesFile, summaryFile, root) {
  const results = JSON.parse(readFileSync(issuesFile, 'utf8'));
  const modules = coverage(JSON.parse(readFileSync(summaryFile, 'utf8')), root);
  const text = readFileSync(join(here, 'report.md'), 'utf8');
  const rows = Object.entries(issues).map(([number, name]) => {
    const result = results[number];
    const verdict = result && result.failed === 0 && result.passed > 0 ? 'passed' : 'FAILED';
    return `| ${number} | ${name} | \`tests/production_readiness/${result?.file}\` | ${verdict}, ${result?.passed ?? 0} tests | \`node --test production_readiness/${result?.file}\` |`;
  });
  const percent = ({ lines, covered }) => (lines === 0 ? 100 : (100 * covered) / lines);
  const total = modules.filter(([name]) => !name.includes('(')).reduce((sum, [, m]) => ({ lines: sum.lines + m.lines, covered: sum.covered + m.covered }), { lines: 0, covered: 0 });
  const table = [...modules, ['**all**', total]].map(([name, module]) => `| ${name} | ${module.lines} | ${percent(module).toFixed(1)} % |`);
  process.stdout.write(text.replace('{{issues}}', rows.join('\n')).replace('{{coverage}}', table.join('\n')));
}

const [what, ...rest] = process.argv.slice(2);
if (what === 'run') run();
else if (what === 'write') write(...rest);
else throw new Error('run or write');
