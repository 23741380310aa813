import { domainToASCII } from "node:url";
import MailComposer from "nodemailer/lib/mail-composer";
import type { Mail } from "./smtp.ts";

export type MailServer = {
  /** Without the brackets of an IPv6 address. */
  host: string;
  port: number;
  /** TLS from the first byte. */
  secure: boolean;
};

/** A message that can go out as it stands. */
export type Letter = {
  server: MailServer;
  username: string;
  password: string | undefined;
  /** Addresses of the envelope. */
  from: string;
  to: string;
  /** Header and text, without the dots of the transfer. */
  message: Buffer;
};

const control = /\p{Cc}/u;
/** The forms that people have: no quotes, no comments, no routes, so that two readers cannot take it for two addresses. */
const mailbox = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/;
const domain =
  /^(?=.{1,253}$)[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$/;
/** Set from the mail's own fields, or by what carries it. */
const ownHeaders =
  /^(from|to|cc|bcc|sender|subject|date|message-id|mime-version|content-.*|received|return-path|dkim-signature)$/i;

/** The message in the form in which it goes out, or a sentence that says why it may not. */
export async function readLetter(mail: Mail): Promise<Letter | string> {
  const server = readServer(mail.server);
  if (typeof server === "string") return server;
  const from = readAddress(mail.from);
  if (from === undefined) return "The sender is not an address.";
  const to = readAddress(mail.to);
  if (to === undefined) return "The receiver is not one address.";
  if (control.test(mail.subject)) return "The subject holds a line end or a control character.";
  if (!/^<[\w.!#$%&'*+/=?^`{|}~-]+@[\w.-]+>$/.test(mail.messageId))
    return "The Message-ID is not one.";
  for (const [name, value] of Object.entries(mail.headers ?? {})) {
    if (!/^[A-Za-z][A-Za-z0-9-]*$/.test(name) || ownHeaders.test(name))
      return "A header has a name that may not be set.";
    if (control.test(value)) return `The header ${name} holds a line end or a control character.`;
  }
  const username = mail.username ?? server.username ?? from.address;
  if (control.test(username) || control.test(mail.password ?? ""))
    return "The login of the mail server holds a line end or a control character.";

  const message = await new MailComposer({
    from,
    to,
    subject: mail.subject,
    text: mail.text.replace(/\r\n?/g, "\n"),
    textEncoding: "quoted-printable",
    messageId: mail.messageId,
    headers: mail.headers ?? {},
    disableFileAccess: true,
    disableUrlAccess: true,
  })
    .compile()
    .build();
  return {
    server: { host: server.host, port: server.port, secure: server.secure },
    username,
    password: mail.password,
    from: from.address,
    to: to.address,
    message,
  };
}

function readServer(text: string): (MailServer & { username: string | undefined }) | string {
  const url = URL.parse(text);
  const secure = url?.protocol === "smtps:";
  if (url === null || (!secure && url.protocol !== "smtp:"))
    return "The mail server's address does not begin with smtps:// or smtp://.";
  if (url.password !== "")
    return "The mail server's address holds a password, which belongs in a secret.";
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1").toLowerCase();
  if (!domain.test(host) && !host.includes(":")) return "The mail server's address has no host.";
  if (!/^\/?$/.test(url.pathname) || url.search !== "" || url.hash !== "")
    return "The mail server's address holds more than user, host and port.";
  const username = decoded(url.username);
  if (username === undefined) return "The user in the mail server's address cannot be read.";
  return {
    host,
    port: url.port === "" ? (secure ? 465 : 587) : Number(url.port),
    secure,
    username: username === "" ? undefined : username,
  };
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** `address` or `Name <address>`. */
function readAddress(text: string): { name: string; address: string } | undefined {
  if (control.test(text)) return undefined;
  const [, name = "", inside] = /^([^<>]*)<([^<>]+)>$/.exec(text.trim()) ?? [];
  const address = (inside ?? text).trim();
  const at = address.lastIndexOf("@");
  const local = address.slice(0, at);
  const ascii = domainToASCII(address.slice(at + 1));
  if (at < 1 || local.length > 64 || !mailbox.test(local) || !domain.test(ascii)) return undefined;
  return { name: name.trim().replace(/^"(.*)"$/, "$1"), address: `${local}@${ascii}` };
}
