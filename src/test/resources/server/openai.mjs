// What OpenAI's own client for Node makes of a server. Arguments: the folder with node_modules, the server's URL, its key.
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import assert from 'node:assert/strict';

const [folder, baseURL, apiKey] = process.argv.slice(2);
const found = createRequire(pathToFileURL(folder + '/')).resolve('openai');
const loaded = await import(pathToFileURL(found).href);
const OpenAI = loaded.OpenAI ?? loaded.default.OpenAI ?? loaded.default;
const client = new OpenAI({ baseURL, apiKey, maxRetries: 0 });

const models = [];
for await (const model of client.models.list()) models.push(model.id);
assert.deepEqual(models, ['weir-stories']);
assert.equal((await client.models.retrieve('weir-stories')).object, 'model');
const model = models[0];

const prompt = 'Once upon a time';
const completion = await client.completions.create({ model, prompt, max_tokens: 12, seed: 1, logprobs: 2 });
assert.equal(completion.choices[0].finish_reason, 'length');
assert.equal(completion.choices[0].logprobs.tokens.join(''), completion.choices[0].text);
assert.equal(completion.usage.completion_tokens, 12);

let streamed = '';
for await (const chunk of await client.completions.create({ model, prompt, max_tokens: 12, seed: 1, stream: true })) {
  streamed += chunk.choices[0].text;
}
assert.equal(streamed, completion.choices[0].text);

const messages = [{ role: 'user', content: prompt }];
const chat = await client.chat.completions.create({ model, messages, max_completion_tokens: 12, seed: 1 });
assert.equal(chat.choices[0].message.role, 'assistant');
assert.equal(chat.choices[0].message.content, completion.choices[0].text);

let said = '';
let usage = null;
const options = { model, messages, max_completion_tokens: 12, seed: 1, stream: true, stream_options: { include_usage: true } };
for await (const chunk of await client.chat.completions.create(options)) {
  said += chunk.choices[0]?.delta?.content ?? '';
  usage = chunk.usage ?? usage;
}
assert.equal(said, chat.choices[0].message.content);
assert.equal(usage.completion_tokens, 12);

const helper = client.chat.completions.stream({ model, messages, max_completion_tokens: 12, seed: 1 });
assert.equal(await helper.finalContent(), said);

await assert.rejects(client.completions.create({ model: 'gpt', prompt }), (e) => e instanceof OpenAI.NotFoundError && e.code === 'model_not_found');
await assert.rejects(client.completions.create({ model, prompt, temperature: 9 }), (e) => e instanceof OpenAI.BadRequestError && e.param === 'temperature');
const stranger = new OpenAI({ baseURL, apiKey: 'other', maxRetries: 0 });
await assert.rejects(stranger.models.list(), (e) => e instanceof OpenAI.AuthenticationError);

const long = await client.completions.create({ model, prompt, max_tokens: 500, n: 8, temperature: 1, stream: true });
let pieces = 0;
for await (const chunk of long) {
  pieces += chunk.choices.length;
  if (pieces === 3) long.controller.abort();
}
assert.ok(pieces >= 3 && pieces < 1000);
console.log('all is well');
