/** `git coord mcp` as a tool starts it, with the client of the official SDK. */
import { fileURLToPath } from 'node:url';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import {
  ResourceListChangedNotificationSchema,
  ResourceUpdatedNotificationSchema,
} from '@modelcontextprotocol/sdk/types.js';

const bin = fileURLToPath(new URL('../../bin/git-coord.cjs', import.meta.url));

export interface McpAnswer {
  readonly isError: boolean;
  // biome-ignore lint/suspicious/noExplicitAny: the shape is what the tests look at
  readonly data: any;
  readonly error: { code: string; message: string; hint?: string; next: string[]; data?: unknown } | undefined;
  readonly warnings: string[];
  /** What a model reads. */
  readonly text: string;
}

export interface McpClient {
  readonly client: Client;
  readonly pid: number;
  /** URIs that were told to have changed, and `list`. */
  readonly told: string[];
  stderr(): string;
  /** The client has taken the result for one of the tool's output schema. */
  call(tool: string, args?: Record<string, unknown>): Promise<McpAnswer>;
  close(): Promise<void>;
}

const opened: McpClient[] = [];

/** `closeClients` closes it. */
export async function connectMcp(
  cwd: string,
  env: NodeJS.ProcessEnv = {},
  options: readonly string[] = [],
): Promise<McpClient> {
  const all = Object.entries({ ...process.env, ...env }).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [bin, ...options, 'mcp'],
    cwd,
    env: Object.fromEntries(all),
    stderr: 'pipe',
  });
  let stderr = '';
  transport.stderr?.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const client = new Client({ name: 'test', version: '1' });
  const told: string[] = [];
  client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => void told.push(params.uri));
  client.setNotificationHandler(ResourceListChangedNotificationSchema, () => void told.push('list'));
  await client.connect(transport);
  // without the schemas nothing is checked against them
  await client.listTools();
  const connected: McpClient = {
    client,
    pid: transport.pid ?? 0,
    told,
    stderr: () => stderr,
    async call(name, args = {}) {
      const { content, structuredContent, isError } = await client.callTool({ name, arguments: args });
      const { data, error, warnings = [] } = structuredContent as unknown as McpAnswer;
      const [{ text } = { text: '' }] = content as { text: string }[];
      return { isError: isError === true, data, error, warnings, text };
    },
    close: () => client.close(),
  };
  opened.push(connected);
  return connected;
}

export async function closeClients(): Promise<void> {
  await Promise.all(opened.splice(0).map((one) => one.close()));
}
