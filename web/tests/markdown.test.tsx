import { render } from 'preact';
import { describe, expect, it } from 'vitest';
import { calmTail, GrowingMarkdown, renderBlocks } from '../src/chat/markdown';
import { SafeBlock } from '../src/chat/safe_html';
import { seeded } from './fakes';

function shown(markdown: string): HTMLElement {
  const host = document.createElement('div');
  render(<>{renderBlocks(markdown).map((html, i) => <SafeBlock key={i} html={html} caret={false} />)}</>, host);
  return host;
}

const sample = `# Export your data

Open **Settings** and then _Privacy_. It takes \`30 s\` or [so](https://example.com/a_(b)).

1. Choose a format
2. Press **Export**
   - CSV
   - JSON with \`nested\` parts

| Format | Size | Note |
|:-------|-----:|------|
| CSV    |  1 MB | a \\| b |
| JSON   |  3 MB | **bold** |

\`\`\`sh
curl -O https://example.com/export
# not a heading
| not | a table |
\`\`\`

> A quote
> over two lines

- [x] done
- [ ] open

Setext
------

Last words, with ~~some~~ *marks* and an address: <https://example.com>.
`;

describe('what an answer may not do', () => {
  const hostile: [string, string][] = [
    ['a script', '<script>window.hacked = 1</script>'],
    ['an error handler', '<img src=x onerror="window.hacked = 1">'],
    ['a script address', '[click](javascript:window.hacked=1)'],
    ['a script address in disguise', '[click](java\nscript:alert(1)) [x](&#106;avascript:alert(1)) [y](JaVaScRiPt:alert(1))'],
    ['a data address', '[click](data:text/html,<script>1</script>)'],
    ['a frame', '<iframe src="https://example.com"></iframe>'],
    ['a style', '<p style="position:fixed">x</p><style>*{display:none}</style>'],
    ['a form', '<form action="https://example.com"><button>Sign in</button></form>'],
    ['an attribute that breaks out', '[a](https://example.com/"onmouseover="alert(1))'],
    ['a title that breaks out', '[a](https://example.com "x\\" onclick=\\"alert(1)")'],
    ['a language that breaks out', '```x"><img src=x onerror=alert(1)>\ncode\n```'],
    ['a relative address', '[end](/chatbox/sessions/1/end)'],
    ['svg', '<svg><script>1</script><a xlink:href="javascript:1">x</a></svg>'],
  ];

  for (const [name, markdown] of hostile) {
    it(`bring in ${name}`, () => {
      const host = shown(markdown);
      expect(host.querySelector('script, style, iframe, img, form, svg:not(.lucide), object, button:not(.icon-button)')).toBeNull();
      for (const element of host.querySelectorAll('*')) {
        for (const attribute of element.getAttributeNames()) {
          expect(attribute).not.toMatch(/^on/);
          expect(attribute).not.toBe('style');
        }
        const href = element.getAttribute('href');
        if (href !== null) expect(href).toMatch(/^(https?:\/\/|mailto:)/);
      }
    });
  }

  it('show its HTML as the text that it is', () => {
    expect(shown('Use <script>x</script> and <b>y</b>').textContent).toContain('Use <script>x</script> and <b>y</b>');
  });

  it('load a picture: it becomes a link', () => {
    const host = shown('![a cat](https://elsewhere.example/cat.png)');
    expect(host.querySelector('img')).toBeNull();
    expect(host.querySelector('a')?.getAttribute('href')).toBe('https://elsewhere.example/cat.png');
  });
});

describe('what it may do', () => {
  it('have headings, lists, tables, code and quotes', () => {
    const host = shown(sample);
    expect(host.querySelector('h1')?.textContent).toBe('Export your data');
    expect(host.querySelectorAll('ol > li')).toHaveLength(2);
    expect(host.querySelectorAll('table tr')).toHaveLength(3);
    expect(host.querySelector('td.align-right')?.textContent).toBe('1 MB');
    expect(host.querySelector('pre code')?.textContent).toContain('# not a heading');
    expect(host.querySelector('.code-head span')?.textContent).toBe('sh');
    expect(host.querySelector('blockquote p')?.textContent).toContain('over two lines');
    expect(host.querySelectorAll('input[type=checkbox]')).toHaveLength(2);
  });

  it('link out in a new tab that knows nothing of this one', () => {
    const link = shown('[so](https://example.com)').querySelector('a');
    expect(link?.getAttribute('target')).toBe('_blank');
    expect(link?.getAttribute('rel')).toBe('noopener noreferrer');
  });
});

describe('an answer that grows', () => {
  it('is in the end what it is as a whole, however it was cut', () => {
    for (let seed = 0; seed < 50; seed++) {
      const random = seeded(seed);
      const growing = new GrowingMarkdown();
      for (let at = 0; at < sample.length; at += 1 + Math.floor(random() * 40)) growing.update(sample.slice(0, at));
      // With an empty last line nothing is held back.
      expect(growing.update(`${sample}\n`), `seed ${seed}`).toEqual(renderBlocks(sample));
    }
  });

  it('keeps finished blocks as they are at every step', () => {
    const growing = new GrowingMarkdown();
    let before: string[] = [];
    for (let at = 1; at <= sample.length; at++) {
      const now = growing.update(sample.slice(0, at));
      const finished = before.slice(0, -3);
      expect(now.slice(0, finished.length)).toEqual(finished);
      before = now;
    }
  });

  it('begins again when the text is another one', () => {
    const growing = new GrowingMarkdown();
    growing.update('one\n\ntwo\n\nthree\n\nfour');
    expect(growing.update('other\n\n')).toEqual(renderBlocks('other'));
  });

  const calm: [string, string, string][] = [
    ['closes an emphasis', 'very **imp', 'very **imp**'],
    ['hides a mark that opens', 'very **', 'very '],
    ['closes code', 'run `ls', 'run `ls`'],
    ['shows the text of a link before its address is there', 'see [the docs](https://exa', 'see the docs'],
    ['holds back a list mark', 'text\n-', 'text\n'],
    ['holds back a heading mark', 'text\n\n##', 'text\n\n'],
    ['holds back a table until it is one', 'text\n\n| a | b |\n|--', 'text\n\n'],
    ['holds back half a row', '| a |\n|---|\n| 1', '| a |\n|---|\n'],
    ['leaves code alone', '```\n**', '```\n**'],
  ];
  for (const [name, text, expected] of calm) {
    it(name, () => expect(calmTail(text)).toBe(expected));
  }
});
