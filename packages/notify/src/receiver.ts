/** Whom a notice goes to. The address of a chat is a secret: who knows it can post there. */
export type Receiver =
  | { kind: "mail"; /** `olga@example.org` or `Olga Owner <olga@example.org>`. */ address: string }
  | { kind: "slack" | "teams" | "webhook"; url: string };

const chat = /^(slack|teams|webhook):([A-Z][A-Z0-9_]*)$/;

/**
 * The receiver that the file names: a role (its contact's mail), `mail:<address>`, or `slack:`, `teams:`, `webhook:` and the
 * variable that holds the address. Undefined when this job does not know the address.
 */
export function readReceiver(
  to: string,
  known: { contacts: Record<string, string>; env: Record<string, string | undefined> },
): Receiver | undefined {
  const named = chat.exec(to);
  if (named?.[1] !== undefined && named[2] !== undefined) {
    const url = known.env[named[2]]?.trim();
    return url ? { kind: named[1] as "slack" | "teams" | "webhook", url } : undefined;
  }
  const address = mailAddress(to, known.contacts);
  return address === undefined ? undefined : { kind: "mail", address };
}

/** One word for a receiver, the same for every way to name it; holds no secret. Undefined for a role without contact. */
export function receiverKey(to: string, contacts: Record<string, string>): string | undefined {
  if (chat.test(to)) return to;
  const address = mailAddress(to, contacts);
  return address === undefined ? undefined : `mail:${bareAddress(address).toLowerCase()}`;
}

/** The variable that must be set to send to this receiver; `mail` = the name that the file gives for the mail server's password. */
export function secretOf(to: string, mail: string | undefined): string | undefined {
  return chat.exec(to)?.[2] ?? mail;
}

/** `olga@example.org` of `Olga Owner <olga@example.org>`. */
export function bareAddress(mailbox: string): string {
  return /<([^<>]+)>\s*$/.exec(mailbox)?.[1] ?? mailbox.trim();
}

function mailAddress(to: string, contacts: Record<string, string>): string | undefined {
  if (to.startsWith("mail:")) return to.slice("mail:".length);
  return Object.hasOwn(contacts, to) ? contacts[to] : undefined;
}
