// One scenario through the official TypeScript SDK: a JSON order on stdin, a JSON account as the last line of stdout.
// It tells what a user of the SDK would see, and judges nothing. There is no deadline here: whoever runs it has one.
import { readFileSync } from 'node:fs';
import Anthropic from '@anthropic-ai/sdk';

// A model that calls tools for ever must not keep a user's loop running for ever.
const MAX_TURNS = 6;

const order = JSON.parse(readFileSync(0, 'utf8'));
const seen = {
  text: '', thinking: '', tool_calls: [], stop_reason: null, stop_sequence: null, usage: null, turns: 0,
};

function installed(name) {
  return JSON.parse(readFileSync(new URL(`./node_modules/${name}/package.json`, import.meta.url), 'utf8')).version;
}

function request(messages) {
  const body = { model: order.model, max_tokens: order.max_tokens, messages };
  if (order.system) body.system = order.system;
  if (order.tools?.length) body.tools = order.tools;
  if (order.stop_sequences?.length) body.stop_sequences = order.stop_sequences;
  if (order.thinking) body.thinking = order.thinking;
  if (order.betas?.length) body.betas = order.betas;
  return body;
}

async function ask(api, messages) {
  if (order.stream) return api.stream(request(messages)).finalMessage();
  return api.create(request(messages));
}

function note(message) {
  seen.turns += 1;
  seen.text = '';
  for (const block of message.content) {
    if (block.type === 'text') seen.text += block.text;
    if (block.type === 'thinking') seen.thinking += block.thinking;
    if (block.type === 'tool_use') seen.tool_calls.push({ id: block.id, name: block.name, input: block.input });
  }
  seen.stop_reason = message.stop_reason ?? null;
  seen.stop_sequence = message.stop_sequence ?? null;
  seen.usage = {
    input_tokens: message.usage?.input_tokens ?? null, output_tokens: message.usage?.output_tokens ?? null,
  };
}

function results(message) {
  return message.content
    .filter((block) => block.type === 'tool_use')
    .map((block) => ({ type: 'tool_result', tool_use_id: block.id, content: order.tool_results?.[block.name] ?? '' }));
}

// The loop goes on for as long as the stop reason asks for results, as the SDK's documentation has it.
async function converse() {
  const client = new Anthropic({ baseURL: order.base_url, maxRetries: 0 });
  const api = order.betas?.length ? client.beta.messages : client.messages;
  const messages = [{ role: 'user', content: order.prompt }];
  while (seen.turns < MAX_TURNS) {
    const message = await ask(api, messages);
    note(message);
    if (message.stop_reason !== 'tool_use') return;
    messages.push({ role: 'assistant', content: message.content }, { role: 'user', content: results(message) });
  }
}

// An error often says in its cause what went wrong; both are what a user gets to see.
function words(error) {
  const told = String(error?.message ?? error);
  const cause = error?.cause?.message ?? '';
  return (told.includes(cause) ? told : `${told}: ${cause}`).slice(0, 600);
}

function complaint(error) {
  return { type: error?.name ?? typeof error, message: words(error), status: error?.status ?? null };
}

function tell(outcome, error = null) {
  const account = { client: 'anthropic-typescript', version: installed('@anthropic-ai/sdk'), outcome, error, seen };
  process.stdout.write(`${JSON.stringify(account)}\n`);
}

try {
  await converse();
  tell('completed');
} catch (error) {
  tell('exception', complaint(error));
}
