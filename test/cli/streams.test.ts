import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { type Outputs, openStreams } from '../../src/cli/frame/streams.ts';

const outputs = () => {
  const [stdout, stderr] = [new PassThrough({ highWaterMark: 8 }), new PassThrough()];
  return { stdout, streams: openStreams({ stdout, stderr } as unknown as Outputs) };
};

test('who writes for long can wait until a slow reader has taken it', async () => {
  const { stdout, streams } = outputs();
  await streams.room();
  streams.out('short');
  await streams.room();
  streams.out('more than fits');
  let hasRoom = false;
  const room = streams.room().then(() => {
    hasRoom = true;
  });
  await new Promise(setImmediate);
  expect(hasRoom).toBe(false);
  stdout.resume();
  await room;
});

test('nobody is waited for who has gone', async () => {
  const { stdout, streams } = outputs();
  streams.out('more than fits into it');
  const room = streams.room();
  stdout.destroy(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
  await room;
  expect(streams.outputClosed.aborted).toBe(true);
  await streams.room();
});
