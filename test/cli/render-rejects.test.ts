import { expect, it } from 'vitest';
import { renderRejects } from '../../src/cli/render-rejects.js';

const reject = { line: 12, column: 'a\nb', code: 'missing', raw: `x\u202e\u0007${'y'.repeat(200)}` } as const;

it('fits a terminal, and lets no character of the input steer it', () => {
  const lines = renderRejects([reject], 60, false).trimEnd().split('\n');
  expect(lines).toHaveLength(2);
  expect(lines[1]).toMatch(/^ *12 {2}a\\nb +missing {2}x\\u\{202e\}\\u\{7\}y+…$/);
  expect(lines[1]!.length).toBe(60);
});

it('leaves the text whole where there is no terminal', () => {
  expect(renderRejects([reject], undefined, false)).toContain('y'.repeat(200));
});
