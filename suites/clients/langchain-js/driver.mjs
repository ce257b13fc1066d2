// One scenario through LangChain: a JSON order on stdin, a JSON account as the last line of stdout. Whole answers by
// `invoke`, streamed ones by adding up the chunks of `stream`.
// It tells what a user of the library would see, and judges nothing. There is no deadline here: whoever runs it has
// one.
import { readFileSync } from 'node:fs';
import { ChatAnthropic } from '@langchain/anthropic';
import { HumanMessage, SystemMessage, ToolMessage } from '@langchain/core/messages';
import { concat } from '@langchain/core/utils/stream';

// A model that calls tools for ever must not keep a user's loop running for ever.
const MAX_TURNS = 6;

const order = JSON.parse(readFileSync(0, 'utf8'));
const seen = {
  text: '', thinking: '', tool_calls: [], stop_reason: null, stop_sequence: null, usage: null, turns: 0,
};

function installed(name) {
  return JSON.parse(readFileSync(new URL(`./node_modules/${name}/package.json`, import.meta.url), 'utf8')).version;
}

function chat() {
  const settings = {
    model: order.model, anthropicApiUrl: order.base_url, maxTokens: order.max_tokens, maxRetries: 0,
  };
  if (order.stop_sequences?.length) settings.stopSequences = order.stop_sequences;
  if (order.thinking) settings.thinking = order.thinking;
  if (order.betas?.length) settings.betas = order.betas;
  const model = new ChatAnthropic(settings);
  return order.tools?.length ? model.bindTools(order.tools) : model;
}

async function ask(model, messages) {
  if (!order.stream) return model.invoke(messages);
  let whole;
  for await (const chunk of await model.stream(messages)) whole = whole === undefined ? chunk : concat(whole, chunk);
  return whole;
}

function parts(content, kind) {
  if (typeof content === 'string') return kind === 'text' ? content : '';
  return content.filter((block) => block.type === kind).map((block) => block[kind] ?? '').join('');
}

function note(message) {
  const about = { ...message.response_metadata, ...message.additional_kwargs };
  seen.turns += 1;
  seen.text = parts(message.content, 'text');
  seen.thinking += parts(message.content, 'thinking');
  for (const { id, name, args: input } of message.tool_calls) seen.tool_calls.push({ id, name, input });
  seen.stop_reason = about.stop_reason ?? null;
  seen.stop_sequence = about.stop_sequence ?? null;
  const { input_tokens = null, output_tokens = null } = message.usage_metadata ?? {};
  seen.usage = { input_tokens, output_tokens };
}

async function converse() {
  const model = chat();
  const messages = order.system ? [new SystemMessage(order.system)] : [];
  messages.push(new HumanMessage(order.prompt));
  while (seen.turns < MAX_TURNS) {
    const message = await ask(model, messages);
    note(message);
    if (!message.tool_calls.length) return;
    const results = message.tool_calls.map(
      ({ id, name }) => new ToolMessage({ content: order.tool_results?.[name] ?? '', tool_call_id: id }),
    );
    messages.push(message, ...results);
  }
}

// An error often says in its cause what went wrong; both are what a user gets to see.
function words(error) {
  const told = String(error?.message ?? error);
  const cause = error?.cause?.message ?? '';
  return (told.includes(cause) ? told : `${told}: ${cause}`).slice(0, 600);
}

// The errors of the SDK below have no name of their own, only a class.
function complaint(error) {
  return { type: error?.constructor?.name ?? typeof error, message: words(error), status: error?.status ?? null };
}

function tell(outcome, error = null) {
  const account = { client: 'langchain-js', version: installed('@langchain/anthropic'), outcome, error, seen };
  process.stdout.write(`${JSON.stringify(account)}\n`);
}

try {
  await converse();
  tell('completed');
} catch (error) {
  tell('exception', complaint(error));
}
