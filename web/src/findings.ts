// What calibration found out about a model, from an earlier page or from a file beside the model (web/find.mjs writes
// those). It only saves time: what is missing or damaged is found out anew.
import type { LoadOptions } from './types.js';

export type Finding = [key: string, bytes: Uint8Array];

// A file of findings is not waited for any longer than this behind the model.
const patienceMs = 2000;

/** A file of findings: {"findings": {key: bytes in base64}}. Empty when it is anything else. */
export function parsed(text: string): Finding[] {
  try {
    const { findings } = JSON.parse(text) as { findings: Record<string, string> };
    return Object.entries(findings).map(([key, base64]) => [key, Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))]);
  } catch {
    return [];
  }
}

async function fetched(url: string, signal: AbortSignal | undefined): Promise<Finding[]> {
  try {
    const response = await fetch(url, signal ? { signal } : {});
    return response.ok ? parsed(await response.text()) : [];
  } catch {
    return [];
  }
}

/** Never rejects. model: what is waited for in any case. */
export async function givenFindings(
  { findings, signal }: LoadOptions, model: Promise<unknown>,
): Promise<Finding[]> {
  if (findings === undefined) return [];
  if (typeof findings !== 'string' && !(findings instanceof URL)) return [...findings];
  const patience = model.then(() => new Promise((resolve) => setTimeout(resolve, patienceMs)), () => {});
  return Promise.race([fetched(String(findings), signal), patience.then((): Finding[] => [])]);
}
