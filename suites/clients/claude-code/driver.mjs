// One scenario through the command line's non-interactive mode: a JSON order on stdin, a JSON account as the last
// line of stdout. It tells what a user would see, and judges nothing. There is no deadline here: whoever runs it has
// one.
// The tools of a scenario are given to the command line as a local tool server; `driver.mjs --serve` is that server.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const PACKAGE = '@anthropic-ai/claude-code';
const SERVER = 'scenario';
const PREFIX = `mcp__${SERVER}__`;
// A model that calls tools for ever must not keep a user's loop running for ever.
const MAX_TURNS = '6';
const ORDER = 'SCENARIO_ORDER';

function installed() {
  return JSON.parse(readFileSync(new URL(`./node_modules/${PACKAGE}/package.json`, import.meta.url), 'utf8')).version;
}

// ---- The tool server: one JSON object per line, requests in and answers out.

const ANSWERS = {
  initialize: (order, asked) => ({
    protocolVersion: asked.protocolVersion, capabilities: { tools: {} }, serverInfo: { name: SERVER, version: '1' },
  }),
  ping: () => ({}),
  'tools/list': (order) => ({
    tools: order.tools.map(({ name, description, input_schema: inputSchema }) => ({ name, description, inputSchema })),
  }),
  'tools/call': (order, asked) => ({ content: [{ type: 'text', text: order.tool_results?.[asked.name] ?? '' }] }),
};

function serve(order) {
  createInterface({ input: process.stdin }).on('line', (line) => {
    const { id, method, params } = JSON.parse(line);
    if (id === undefined) return;
    const answer = ANSWERS[method];
    const said = answer ? { result: answer(order, params) } : { error: { code: -32601, message: 'no such method' } };
    process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', id, ...said })}\n`);
  });
}

// ---- The command line.

// The package brings a native program for this machine beside itself, and a launcher that finds it where the
// install script, which puts it in its place, was not allowed to run.
function launcher() {
  return fileURLToPath(new URL(`./node_modules/${PACKAGE}/cli-wrapper.cjs`, import.meta.url));
}

function tooled(order) {
  if (!order.tools?.length) return [];
  const env = { [ORDER]: JSON.stringify({ tools: order.tools, tool_results: order.tool_results }) };
  const server = { command: process.execPath, args: [fileURLToPath(import.meta.url), '--serve'], env };
  const names = order.tools.map(({ name }) => PREFIX + name).join(',');
  return ['--mcp-config', JSON.stringify({ mcpServers: { [SERVER]: server } }), '--allowedTools', names];
}

function options(order) {
  return [
    '--print', '--output-format', 'stream-json', '--verbose', '--no-session-persistence', '--strict-mcp-config',
    '--disable-slash-commands', '--max-turns', MAX_TURNS, '--model', order.model,
    // A server that is being tried must not read files or run commands here: no tool but those of the scenario.
    '--tools', '', '--system-prompt', order.system || 'Be brief.', ...tooled(order),
  ];
}

function environment(order) {
  return {
    ...process.env,
    ANTHROPIC_BASE_URL: order.base_url,
    ANTHROPIC_MODEL: order.model,
    ANTHROPIC_SMALL_FAST_MODEL: order.model,
    CLAUDE_CODE_MAX_OUTPUT_TOKENS: String(order.max_tokens),
  };
}

async function run(order) {
  const child = spawn(process.execPath, [launcher(), ...options(order)], {
    cwd: process.env.HOME, env: environment(order), stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.stdin.end(order.prompt);
  const records = [];
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.startsWith('{')) records.push(JSON.parse(line));
  }
  return records;
}

// ---- The account.

function note(seen, message) {
  for (const block of message.content) {
    if (block.type === 'text') seen.text = block.text;
    if (block.type === 'thinking') seen.thinking += block.thinking;
    if (block.type === 'tool_use') {
      seen.tool_calls.push({ id: block.id, name: block.name.replace(PREFIX, ''), input: block.input });
    }
  }
}

function account(records) {
  const end = records.findLast((record) => record.type === 'result');
  const said = records.filter((record) => record.type === 'assistant' && !record.error);
  const seen = {
    text: '', thinking: '', tool_calls: [], stop_reason: null, stop_sequence: null, usage: null, turns: 0,
  };
  said.forEach((record) => note(seen, record.message));
  seen.turns = new Set(said.map((record) => record.message.id)).size;
  if (end && !end.is_error) {
    seen.text = end.result;
    seen.stop_reason = end.stop_reason;
    seen.usage = { input_tokens: end.usage.input_tokens, output_tokens: end.usage.output_tokens };
  }
  return { outcome: end && !end.is_error ? 'completed' : 'exception', error: complaint(records, end), seen };
}

function complaint(records, end) {
  if (!end) return { type: 'exit', message: 'the command line ended without a result', status: null };
  if (!end.is_error) return null;
  const type = records.findLast((record) => record.error)?.error ?? end.subtype;
  const message = end.result ?? end.errors?.join('; ') ?? end.subtype;
  return { type, message, status: end.api_error_status ?? null };
}

if (process.argv.includes('--serve')) {
  serve(JSON.parse(process.env[ORDER]));
} else {
  const told = account(await run(JSON.parse(readFileSync(0, 'utf8'))));
  process.stdout.write(`${JSON.stringify({ client: 'claude-code', version: installed(), ...told })}\n`);
}
