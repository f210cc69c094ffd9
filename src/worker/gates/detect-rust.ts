import { type Detected, tool } from './steps.ts';

export function detectRust(): Detected {
  return {
    lint: tool('cargo', ['clippy', '--quiet', '--all-targets', '--', '-D', 'warnings']),
    types: tool('cargo', ['check', '--quiet', '--all-targets']),
    tests: tool('cargo', ['test', '--quiet']),
    build: tool('cargo', ['build', '--quiet']),
    security: tool('cargo', ['audit', '--json'], { reader: 'cargo-audit', about: ['Cargo.toml', 'Cargo.lock'] }),
  };
}
