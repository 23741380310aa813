/** Short values (`{`, `v1`) are no secrets by themselves. */
const shortestSecret = 8;

/** Hides the values, their longer lines, and the values in base64. */
export function hider(secrets: readonly string[]): (text: string) => string {
  const base64 = (text: string): string => Buffer.from(text).toString("base64").replace(/=+$/, "");
  const forms = secrets
    .flatMap((secret) => [secret, ...secret.split(/\r?\n/), base64(secret)])
    .map((form) => form.trim())
    .filter((form) => form.length >= shortestSecret)
    .toSorted((a, b) => b.length - a.length);
  return (text) => forms.reduce((left, form) => left.replaceAll(form, "***"), text);
}
