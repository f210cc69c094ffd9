import { once } from 'node:events';

/** Standard output and error, written so that nothing is cut at the exit and that a reader who leaves is no error. */
export interface Streams {
  out(text: string): void;
  err(text: string): void;
  /** Aborted when standard output's reader has gone. */
  readonly outputClosed: AbortSignal;
  /** Resolves when standard output takes more, or its reader has gone: what a slow one leaves is kept in memory. */
  room(): Promise<void>;
  /** Resolves when all that was written has been taken, or nobody is left to take it. */
  flush(): Promise<void>;
}

/** Opened when first asked for: that alone takes milliseconds, and a hook that passes says nothing. */
export interface Outputs {
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
}

export function openStreams(outputs: Outputs): Streams {
  const closed = new AbortController();
  const opened = new Map<keyof Outputs, NodeJS.WriteStream>();
  const gone = new Set<NodeJS.WriteStream>();
  let failure: Error | undefined;
  const open = (name: keyof Outputs): NodeJS.WriteStream => {
    const stream = outputs[name];
    opened.set(name, stream);
    stream.on('error', (error: NodeJS.ErrnoException) => {
      gone.add(stream);
      if (name === 'stderr') return;
      // a full disk behind `> file` must not look like success
      if (error.code !== 'EPIPE') failure = error;
      closed.abort();
    });
    return stream;
  };
  const write = (name: keyof Outputs, text: string) => {
    if (text === '') return;
    const stream = opened.get(name) ?? open(name);
    if (!gone.has(stream)) stream.write(text);
  };
  const drained = (stream: NodeJS.WriteStream) =>
    new Promise<void>((resolve) => {
      if (gone.has(stream) || !stream.writable) resolve();
      else stream.write('', () => resolve());
    });
  return {
    out: (text) => write('stdout', text),
    err: (text) => write('stderr', text),
    outputClosed: closed.signal,
    room: async () => {
      const stream = opened.get('stdout');
      if (stream === undefined || gone.has(stream) || !stream.writableNeedDrain) return;
      await once(stream, 'drain', { signal: closed.signal }).catch(() => {});
    },
    flush: async () => {
      await Promise.all([...opened.values()].map(drained));
      // an error is told a turn after the write's callback
      await new Promise(setImmediate);
      if (failure !== undefined) throw failure;
    },
  };
}
