// What went wrong, as a word for programs and a sentence for people.

export type TemperaErrorCode =
  | 'browser' // lacks something that painting needs
  | 'network' // a file could not be fetched
  | 'model' // the bytes are no model, or one that this engine cannot run
  | 'memory' // does not fit into the memory that the page allows
  | 'crash' // a worker stopped; the next frame starts a new one
  | 'closed' // close() was called
  | 'source' // a picture or track that cannot be read
  | 'parameter'; // no such parameter, or a value outside of its range

export class TemperaError extends Error {
  readonly code: TemperaErrorCode;
  constructor(code: TemperaErrorCode, sentence: string) {
    super(sentence);
    this.name = 'TemperaError';
    this.code = code;
  }
}

/** A sentence for whatever was thrown. */
export function sentenceOf(thrown: unknown): string {
  if (thrown instanceof Error) return thrown.message || thrown.name;
  return String(thrown);
}
