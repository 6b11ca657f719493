/**
 * Bodies as they are kept. Most begin with the id and the name of their message, which stand beside them anyway: that
 * much is left out, on the way and in the server's memory.
 */

/** Begins a body whose head is left out; a tilde begins one that is whole. Neither begins a JSON text. */
const HEADLESS = "=";

/** How a body is kept. */
export function toKept(id: string, name: string, body: string): string {
  const head = headOf(id, name);
  return body.startsWith(head) ? HEADLESS + body.slice(head.length) : `~${body}`;
}

/** The body as it was. */
export function toBody(id: string, name: string, kept: string): string {
  return kept.startsWith(HEADLESS) ? headOf(id, name) + kept.slice(1) : kept.slice(1);
}

/** As JSON.stringify writes it after a serialiser's mark; a name that it would write otherwise just has no such head. */
function headOf(id: string, name: string): string {
  return `~{"id":"${id}","name":"${name}",`;
}
