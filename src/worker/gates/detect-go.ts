import { type Facts, hasAny } from './facts.ts';
import { type Detected, none, tool } from './steps.ts';

export function detectGo(facts: Facts): Detected {
  const golangci = ['yml', 'yaml', 'toml', 'json'].map((end) => `.golangci.${end}`);
  return {
    lint: hasAny(facts, ...golangci) ? tool('golangci-lint', ['run']) : tool('go', ['vet', './...']),
    types: none('the build checks them'),
    tests: tool('go', ['test', './...']),
    // without -o a single main package leaves its executable here
    build: tool('go', ['build', '-o', '/dev/null', './...']),
    security: tool('govulncheck', ['./...'], { reader: 'govulncheck', about: ['go.mod', 'go.sum'] }),
  };
}
