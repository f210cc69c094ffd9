import { describe, expect, test } from 'vitest';
import { type Asked, mayAct, refusal, securityHeaders } from '../../../src/dashboard/guard.ts';

const gate = { port: 8080, token: 'right' };
const asked = (headers: Record<string, string>, method = 'GET', path = '/events'): Asked => ({
  method,
  path,
  header: (name) => headers[name],
});
const host = '127.0.0.1:8080';
const own = 'this address is not served here';
const other = 'another site asks';

test.each([
  [{ host }, null],
  [{ host: 'localhost:8080' }, null],
  [{ host: 'LOCALHOST:8080' }, null],
  [{}, own],
  [{ host: '127.0.0.1' }, own],
  [{ host: '127.0.0.1:8081' }, own],
  [{ host: 'evil.example:8080' }, own],
  [{ host: '127.0.0.1.evil.example:8080' }, own],
  [{ host: '0.0.0.0:8080' }, own],
  [{ host, origin: `http://${host}` }, null],
  [{ host: 'localhost:8080', origin: `http://${host}` }, other],
  [{ host, origin: 'http://evil.example' }, other],
  [{ host, origin: `https://${host}` }, other],
  [{ host, origin: 'null' }, other],
  [{ host, 'sec-fetch-site': 'same-origin' }, null],
  [{ host, 'sec-fetch-site': 'none' }, null],
  [{ host, 'sec-fetch-site': 'cross-site' }, other],
  [{ host, 'sec-fetch-site': 'same-site' }, other],
  [{ host, 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' }, other],
])('a request with %j', (headers, why) => {
  expect(refusal(asked(headers as Record<string, string>), gate)).toBe(why);
});

test('a link from elsewhere leads to the page alone', () => {
  const link = { host, 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' };
  expect(refusal(asked(link, 'GET', '/'), gate)).toBe(null);
  expect(refusal(asked(link, 'POST', '/'), gate)).toBe(other);
});

describe('who may act', () => {
  test.each([
    ['Bearer right', 'right', true],
    ['Bearer wrong', 'right', false],
    ['Bearer righ', 'right', false],
    ['right', 'right', false],
    ['Bearer ', 'right', false],
    ['Bearer right', null, false],
  ])('%j where the token is %j', (authorization, token, may) => {
    expect(mayAct(asked({ authorization }), { port: 8080, token })).toBe(may);
  });
});

test('nothing inline, nothing of elsewhere, in no frame', () => {
  const policy = securityHeaders['content-security-policy'];
  expect(policy).toContain("default-src 'none'");
  expect(policy).not.toMatch(/unsafe|https?:|data:|\*/);
  expect(policy).toContain("frame-ancestors 'none'");
});
