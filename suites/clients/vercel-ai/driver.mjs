// One scenario through the Vercel AI SDK: a JSON order on stdin, a JSON account as the last line of stdout.
// It tells what a user of the SDK would see, and judges nothing. There is no deadline here: whoever runs it has one.
import { readFileSync } from 'node:fs';
import { createAnthropic } from '@ai-sdk/anthropic';
import { generateText, jsonSchema, stepCountIs, streamText, tool } from 'ai';

// A model that calls tools for ever must not keep a user's loop running for ever.
const MAX_TURNS = 6;

const order = JSON.parse(readFileSync(0, 'utf8'));
const seen = {
  text: '', thinking: '', tool_calls: [], stop_reason: null, stop_sequence: null, usage: null, turns: 0,
};

function installed(name) {
  return JSON.parse(readFileSync(new URL(`./node_modules/${name}/package.json`, import.meta.url), 'utf8')).version;
}

function tools() {
  const made = (order.tools ?? []).map((each) => [each.name, tool({
    description: each.description,
    inputSchema: jsonSchema(each.input_schema),
    execute: async () => order.tool_results?.[each.name] ?? '',
  })]);
  return made.length ? Object.fromEntries(made) : undefined;
}

function thinking() {
  if (!order.thinking) return {};
  const { budget_tokens: budgetTokens, ...rest } = order.thinking;
  return { thinking: budgetTokens === undefined ? rest : { ...rest, budgetTokens } };
}

// The SDK adds the thinking budget to the limit of the answer; both together are the limit that was ordered.
function limit() {
  return order.max_tokens - (order.thinking?.budget_tokens ?? 0);
}

function settings() {
  const headers = order.betas?.length ? { 'anthropic-beta': order.betas.join(',') } : undefined;
  return {
    model: createAnthropic({ baseURL: order.base_url })(order.model),
    maxRetries: 0,
    maxOutputTokens: limit(),
    prompt: order.prompt,
    system: order.system || undefined,
    stopSequences: order.stop_sequences?.length ? order.stop_sequences : undefined,
    tools: tools(),
    stopWhen: stepCountIs(MAX_TURNS),
    providerOptions: { anthropic: thinking() },
    headers,
    onStepFinish: note,
  };
}

function note(step) {
  seen.turns += 1;
  seen.text = step.text;
  seen.thinking += step.reasoningText ?? '';
  for (const { toolCallId: id, toolName: name, input } of step.toolCalls) seen.tool_calls.push({ id, name, input });
  seen.stop_reason = step.rawFinishReason ?? null;
  seen.stop_sequence = step.providerMetadata?.anthropic?.stopSequence ?? null;
  seen.usage = { input_tokens: step.usage.inputTokens ?? null, output_tokens: step.usage.outputTokens ?? null };
}

// A streamed call does not throw: a user learns of trouble from onError, or from a part of the stream that says so.
async function streamed() {
  let trouble;
  const result = streamText({ ...settings(), onError: ({ error }) => { trouble ??= error; } });
  await result.consumeStream();
  if (trouble !== undefined) throw trouble;
  await result.steps;
}

// An error often says in its cause what went wrong; both are what a user gets to see.
function words(error) {
  const told = String(error?.message ?? error);
  const cause = error?.cause?.message ?? '';
  return (told.includes(cause) ? told : `${told}: ${cause}`).slice(0, 600);
}

function complaint(error) {
  return { type: error?.name ?? typeof error, message: words(error), status: error?.statusCode ?? null };
}

function tell(outcome, error = null) {
  const account = { client: 'vercel-ai', version: installed('@ai-sdk/anthropic'), outcome, error, seen };
  process.stdout.write(`${JSON.stringify(account)}\n`);
}

globalThis.AI_SDK_LOG_WARNINGS = false;
try {
  await (order.stream ? streamed() : generateText(settings()));
  tell('completed');
} catch (error) {
  tell('exception', complaint(error));
}
