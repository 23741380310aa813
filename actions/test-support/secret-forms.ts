/** Is a secret in a text, as it is or in a form from which it can be had back? */
export function showsSecret(text: string, secret: string): boolean {
  return formsOf(secret).some((form) => text.includes(form));
}

function formsOf(secret: string): string[] {
  const bytes = Buffer.from(secret);
  // Where a secret begins within a longer text in base64 there are three ways to write it; its ends mix with its neighbours.
  const inBase64 = [0, 1, 2].map((before) => {
    const whole = Buffer.concat([Buffer.alloc(before), bytes])
      .toString("base64")
      .replace(/=+$/, "");
    return whole.slice(before === 0 ? 0 : before + 1, -1);
  });
  const forms = [
    secret,
    ...inBase64,
    ...inBase64.map((form) => form.replaceAll("+", "-").replaceAll("/", "_")),
    encodeURIComponent(secret),
    JSON.stringify(secret).slice(1, -1),
    bytes.toString("hex"),
  ];
  // A few letters are found everywhere.
  return [...new Set(forms)].filter((form) => form.length >= 6);
}
