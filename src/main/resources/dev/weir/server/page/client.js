/** What the server said instead of an answer: one line. */
export class Refusal extends Error {
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}

/** Talks to the server that this page comes from. */
export class Client {
  key = null;

  async models(signal) {
    return (await this.#answer('v1/models', {signal})).json();
  }

  /** Events of a completion as they come. */
  async *complete(body, signal) {
    const response = await this.#answer('v1/completions', {method: 'POST', body: JSON.stringify(body), signal});
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = '';
    for (let {value, done} = await reader.read(); !done; {value, done} = await reader.read()) {
      const blocks = (rest + value).split('\n\n');
      rest = blocks.pop();
      for (const block of blocks) {
        const data = block.replace(/^data: /, '');
        if (data === '[DONE]') return;
        const event = JSON.parse(data);
        if (event.error) throw new Refusal(event.error.message, 200);
        yield event;
      }
    }
    throw new Refusal('The server ended in the middle of the text.', 200);
  }

  async #answer(path, request) {
    const headers = {'Content-Type': 'application/json'};
    if (this.key) headers.Authorization = `Bearer ${this.key}`;
    let response;
    try {
      response = await fetch(path, {...request, headers});
    } catch (error) {
      if (error.name === 'AbortError') throw error;
      throw new Refusal('The server does not answer.', 0);
    }
    if (response.ok) return response;
    const {error} = await response.json().catch(() => ({}));
    throw new Refusal(error?.message ?? `The server answered ${response.status}.`, response.status);
  }
}
