import { randomBytes } from "node:crypto";
import {
  createChatStandIn,
  createSmtpStandIn,
  type ChatStandIn,
  type Clock,
  type RecordedRequest,
  type SavedChat,
  type SavedSmtp,
  type SmtpFault,
  type SmtpMail,
  type StandIn,
} from "@release-actions/stand-ins";
import type { Authority } from "./authority.ts";
import type { Tunnel } from "./proxy.ts";
import type { Hook, RehearsalFile } from "./language.ts";

/** A channel system with fresh addresses of its hooks, by the names of the file. */
export type Chat = { standIn: ChatStandIn; urls: Record<string, string> };

/** Starts what `chat:` declares; one stand-in behind every host of a hook. */
export function startChat(
  chat: RehearsalFile["chat"],
  clock: Clock,
  saved: SavedChat | undefined,
): Chat | undefined {
  if (!chat) return undefined;
  const hooks: Record<string, string> = {};
  const urls: Record<string, string> = {};
  for (const [name, hook] of Object.entries(chat.hooks)) {
    const { host, path } = addressOf(hook);
    hooks[path] = name;
    urls[name] = `https://${host}${path}`;
  }
  return { standIn: createChatStandIn({ clock, hooks, ...(saved && { saved }) }), urls };
}

/** An address of the form that each system gives out; its secret is part of it. */
function addressOf(hook: Hook): { host: string; path: string } {
  const secret = randomBytes(18).toString("base64url");
  const word = (): string => randomBytes(5).toString("hex").toUpperCase();
  if (hook.slack !== undefined)
    return { host: hook.slack, path: `/services/T${word()}/B${word()}/${secret}` };
  if (hook.teams !== undefined) {
    const flow = randomBytes(16).toString("hex");
    const query = `api-version=2016-06-01&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig=${secret}`;
    return { host: hook.teams, path: `/workflows/${flow}/triggers/manual/paths/invoke?${query}` };
  }
  return { host: hook.webhook ?? "", path: `/hooks/${secret}` };
}

/** One mail as the server took it. */
export type Mail = { at: Date; to: readonly string[]; subject: string; text: string };

/** The mail server of a rehearsed world. */
export type Mailbox = {
  /** Its mails as requests, to count them with those of the others. */
  standIn: StandIn;
  mails(): readonly Mail[];
  faults: SmtpFault[];
  passwordOf(account: string): string;
  tunnel(port: number): Tunnel;
  save(): SavedSmtp;
};

/** Starts what `smtp:` declares, under the one host that `hosts:` gives it. */
export function startSmtp(
  file: RehearsalFile,
  clock: Clock,
  authority: Authority,
  saved: SavedSmtp | undefined,
): Mailbox | undefined {
  if (!file.smtp) return undefined;
  const host = Object.entries(file.hosts).find(([, kind]) => kind === "smtp")?.[0] ?? "mail";
  const passwords = Object.fromEntries(
    file.smtp.accounts.map((name) => [name, randomBytes(18).toString("base64url")]),
  );
  const server = createSmtpStandIn({
    name: host,
    clock,
    accounts: passwords,
    tls: authority.contextFor(host),
    ...(saved && { saved }),
  });
  const standIn: StandIn = {
    name: "smtp",
    get requests() {
      return server.mails.map(recorded);
    },
    faults: [],
    handle: async (_request, response) => void response.destroy(),
    close: server.close,
  };
  return {
    standIn,
    mails: () => server.mails,
    faults: server.faults,
    passwordOf: (account) => passwords[account] ?? "",
    // TLS from the start on the port that is made for it; elsewhere the client asks for it.
    tunnel: (port) => ({ accept: (socket) => server.accept(socket, { secure: port === 465 }) }),
    save: server.save,
  };
}

const recorded = (mail: SmtpMail): RecordedRequest => ({
  at: mail.at,
  method: "MAIL",
  host: "smtp",
  path: mail.to.join(","),
  headers: mail.headers,
  body: mail.raw,
  status: 250,
  wrote: true,
});

const points = [
  "CONNECT",
  "EHLO",
  "STARTTLS",
  "AUTH",
  "MAIL",
  "RCPT",
  "DATA",
  "BODY",
  "DOT",
  "QUIT",
] as const;

/** A planned fault of the mail server: `path` is the point of the conversation, such as DOT, and a receiver where one is meant. */
export function smtpFault(fault: {
  path: string;
  when: "before" | "after";
  does: SmtpFault["does"] | number;
}): SmtpFault {
  const [word = "", to] = fault.path.split(/\s+/);
  const at = points.find((one) => one === word);
  if (!at) throw new Error(`smtp has no point ${word}; there are ${points.join(", ")}`);
  const does =
    typeof fault.does === "number"
      ? { reply: `${fault.does} ${fault.does < 500 ? "4.3.0" : "5.3.0"} Refused` }
      : fault.does;
  return { at, when: fault.when, does, ...(to === undefined ? {} : { to }) };
}
