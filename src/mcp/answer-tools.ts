import type { Server } from '@modelcontextprotocol/sdk/server/index.js';
import * as z from 'zod/mini';
import { CoordError } from '../errors.ts';
import type { Answered, Commands } from './commands.ts';
import { type Document, documentOf, pageOf, textOf } from './documents.ts';
import type { Sdk } from './sdk.ts';
import type { Tool } from './tool.ts';
import { tools } from './tools.ts';
import type { Turns } from './turns.ts';

/** Lists the tools, and runs their commands. What a command refuses is an answer with `isError`, not an error of the protocol. */
export function answerTools(server: Server, sdk: Sdk, commands: Commands, turns: Turns): void {
  server.setRequestHandler(sdk.ListToolsRequestSchema, () => ({ tools: tools.map(listed) }));
  server.setRequestHandler(sdk.CallToolRequestSchema, async ({ params }, { sendNotification }) => {
    const found = tools.find(({ name }) => name === params.name);
    if (found === undefined) throw new sdk.McpError(sdk.ErrorCode.InvalidParams, `there is no tool ${params.name}`);
    const { progressToken } = params._meta ?? {};
    let step = 0;
    /** What goes on in a landing: shown by clients that ask for it. */
    const notice = (message: string): void => {
      if (progressToken === undefined) return;
      const progress = { progressToken, progress: ++step, message };
      sendNotification({ method: 'notifications/progress', params: progress }).catch(() => {});
    };
    const warnings: string[] = [];
    const tell = { notice, warn: (words: string) => void warnings.push(words) };
    const answered = await turns.run(!found.hints.readOnlyHint, () =>
      answerOf(found, params.arguments, commands, tell),
    );
    const { document, text } = shownTo(found, answered, warnings);
    return { content: [{ type: 'text', text }], structuredContent: { ...document }, isError: !document.ok };
  });
}

function listed({ name, title, description, input, output, hints }: Tool) {
  const annotations = { title, ...hints, destructiveHint: false, openWorldHint: false };
  return { name, title, description, inputSchema: schemaOf(input), outputSchema: schemaOf(output), annotations };
}

function schemaOf(type: z.ZodMiniType) {
  const { $schema: _, ...schema } = z.toJSONSchema(type, { target: 'draft-7', override: withoutWidest });
  return { ...schema, type: 'object' as const };
}

/** That a whole number is a safe one is known without saying so. */
function withoutWidest({ jsonSchema }: { jsonSchema: { minimum?: number; maximum?: number } }): void {
  if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
  if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
}

/** The document, and what a client shows to a model that takes none. */
function shownTo(
  { isPage }: Tool,
  answered: Answered,
  warnings: readonly string[],
): { document: Document; text: string } {
  const document = isPage ? pageOf(answered, warnings) : documentOf(answered, warnings);
  return { document, text: isPage && document.ok ? textOf(answered.data) : JSON.stringify(document) };
}

/** Losing and breakage are answers here. */
async function answerOf(
  tool: Tool,
  args: unknown,
  commands: Commands,
  tell: Parameters<Commands['run']>[1],
): Promise<Answered> {
  try {
    return await commands.run(tool.words(args), tell);
  } catch (error) {
    if (error instanceof CoordError) return { data: undefined, failure: error };
    throw error;
  }
}
