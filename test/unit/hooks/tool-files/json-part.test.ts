import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  checkJson,
  type JsonPart,
  partState,
  withoutPart,
  withPart,
} from '../../../../src/hooks/tool-files/json-part.ts';

const ours = { type: 'command', command: 'git-coord hook claude-stop', timeout: 10 };
const hook: JsonPart = {
  kind: 'hook',
  path: ['hooks', 'Stop'],
  value: { hooks: [ours] },
  command: /git[- ]coord hook claude-stop(\s|$)/,
};
const entry: JsonPart = { kind: 'entry', path: ['mcpServers', 'git-coord'], value: { command: 'git-coord' } };
const theirs = { hooks: [{ type: 'command', command: './check.sh' }] };
const written = (value: unknown, indent: string | number = 2) => `${JSON.stringify(value, null, indent)}\n`;

test.each<[string, unknown, string]>([
  ['nothing', {}, 'missing'],
  ['theirs', { hooks: { Stop: [theirs] } }, 'missing'],
  ['another hook of ours', { hooks: { Stop: [{ hooks: [{ command: 'git-coord hook claude-stopped' }] }] } }, 'missing'],
  ['ours', { hooks: { Stop: [theirs, hook.value] } }, 'installed'],
  ['an older one', { hooks: { Stop: [{ hooks: [{ command: 'git coord hook claude-stop' }] }] } }, 'outdated'],
  ['two', { hooks: { Stop: [hook.value, hook.value] } }, 'outdated'],
  ['one among theirs', { hooks: { Stop: [{ hooks: [theirs.hooks[0], ours] }] } }, 'outdated'],
  ['another form', { hooks: { Stop: { hooks: [ours] } } }, 'missing'],
])('%s: %j is %s', (_what, value, state) => expect(partState(written(value), hook)).toBe(state));

test('what is outdated is replaced, and theirs stays', () => {
  const mixed = {
    hooks: {
      Stop: [{ matcher: 'x', hooks: [theirs.hooks[0], { command: 'git coord hook claude-stop' }] }, hook.value],
    },
  };
  const now = JSON.parse(withPart(written(mixed), hook));
  expect(now).toEqual({ hooks: { Stop: [{ matcher: 'x', hooks: theirs.hooks }, hook.value] } });
  expect(JSON.parse(withoutPart(written(mixed), hook))).toEqual({
    hooks: { Stop: [{ matcher: 'x', hooks: theirs.hooks }] },
  });
});

test('an entry that somebody changed keeps the change', () => {
  const changed = written({ mcpServers: { 'git-coord': { command: '/opt/git-coord' } } });
  expect(withPart(changed, entry)).toBe(changed);
});

describe('what goes in comes out again, byte for byte', () => {
  test.each([
    '// mine\n{\n  // the model\n  "model": "x", /* so */\n  "hooks": {\n    // before all\n    "Stop": [\n      { "hooks": [] } // empty\n    ]\n  }\n}\n',
    '{\n\t"model": "x"\n}',
    '{\r\n    "mcpServers": {\r\n        "other": {}\r\n    }\r\n}\r\n',
    '{ "model": "x" }\n',
    '{"hooks":{"Stop":[{"hooks":[]}]}}',
    written({ a: [1, 2, { b: null }] }, 4),
    '{\n  "hooks": {\n    "Stop": [ { "hooks": [] }, {} ] /* end */ } // all\n}\n',
    '{\n  "a": 1 // ,\n  , "b": "},{" // }\n  // last\n}\n',
    '{\n  "a": 1,\n}\n',
    '{ "a": 1, }\n',
    '{\n  "hooks": {\n    "Stop": [\n      {}, // first\n    ] /* end */ , // all\n  },\n}\n',
  ])('%j', (text) => {
    for (const part of [hook, entry]) {
      const now = withPart(text, part);
      expect(partState(now, part)).toBe('installed');
      expect(withPart(now, part)).toBe(now);
      expect(withoutPart(now, part)).toBe(text);
    }
  });

  test('any configuration keeps its values', () => {
    const others = fc.dictionary(fc.string(), fc.jsonValue());
    fc.assert(
      fc.property(others, others, fc.constantFrom(0, 1, 2, 4, '\t'), (base, hooks, indent) => {
        fc.pre(!('hooks' in base) && !('Stop' in hooks) && Object.keys(hooks).length > 0);
        const value = JSON.parse(JSON.stringify({ ...base, hooks }));
        const now = withPart(JSON.stringify(value, null, indent), hook);
        expect(JSON.parse(now)).toEqual({ ...value, hooks: { ...value.hooks, Stop: [hook.value] } });
        expect(JSON.parse(withoutPart(now, hook))).toEqual(value);
      }),
    );
  });
});

test('comments stay where something is taken out before, between and after others', () => {
  const middle =
    '{\n  "hooks": {\n    "Stop": [\n      {}, // first\n      // ours\n      { "command": "git-coord hook claude-stop" }, // was\n      [] // last\n    ]\n  }\n}\n';
  const bare = withoutPart(middle, hook);
  expect(bare.match(/\/\/ \w+/g)).toEqual(['// first', '// ours', '// was', '// last']);
  expect(JSON.parse(bare.replace(/\/\/.*/g, ''))).toEqual({ hooks: { Stop: [{}, []] } });
  const one = '{ "hooks": { "Stop": [ { "command": "git-coord hook claude-stop" } // mine\n ] } }';
  expect(withoutPart(one, hook)).toContain('// mine');
  const end = '{ "hooks": { "Stop": [ {} // mine\n , { "command": "git-coord hook claude-stop" }] } }';
  expect(JSON.parse(withoutPart(end, hook).replace(/\/\/.*/g, ''))).toEqual({ hooks: { Stop: [{}] } });
});

test('an empty or new file becomes an object', () => {
  for (const text of ['', '\n', '{}', '{\n}\n'])
    expect(JSON.parse(withPart(text, entry))).toMatchObject({ mcpServers: {} });
});

test.each([
  ['{ "a": 1,, }', 1],
  ['{\n  "a": tru\n}', 2],
  ['[]', 1],
  ['"x"', 1],
  ['{', 1],
])('%j is no object', (text, line) => {
  expect(() => checkJson(text, 'x.json')).toThrow(`x.json:${line}: this is no JSON object`);
});
test.each(['', '{}', '{ "a": 1, } // so\n'])('%j is one', (text) => checkJson(text, 'x.json'));

test.each([{ hooks: [] }, { hooks: { Stop: 5 } }, { hooks: 'x' }, { hooks: { Stop: { a: 1 } } }])(
  '%j is refused, and not broken',
  (value) => expect(() => withPart(written(value), hook)).toThrow('another form'),
);
