import { createServer, type AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { createSecureContext, type SecureContext } from "node:tls";
import { seal, unseal, type Saved } from "../saved.ts";
import type { Clock } from "../stand-in.ts";
import type { SmtpFault } from "./fault.ts";
import { readMessage } from "./message.ts";
import { converse, encrypt, type SessionOptions } from "./session.ts";

/** A message that the server has taken. */
export type SmtpMail = {
  /** Addresses of the envelope. */
  from: string;
  to: string[];
  subject: string;
  /** The plain text, decoded, with `\n` line ends. */
  text: string;
  /** Names in lower case, values unfolded and decoded. */
  headers: Record<string, string>;
  at: Date;
  /** Who was logged in. */
  user?: string;
  /** As it came, without the dots of the transfer. */
  raw: Buffer;
};

/** The mails that a server had taken. */
export type SavedSmtp = Saved<SmtpMail[]>;

export type SmtpStandInOptions = {
  /** Name of the server in its greeting. */
  name?: string;
  clock: Clock;
  /** Passwords by user. Without any account nobody has to log in. */
  accounts: Record<string, string>;
  /** Without it there is no TLS, and so no login either; with it nothing is taken without TLS. */
  tls?: { key: string; cert: string } | SecureContext;
  /** Receivers elsewhere are refused; default: all are taken. */
  domains?: readonly string[];
  /** Largest message in bytes, default 35 MiB as OpenSMTPD. */
  limit?: number;
  faults?: SmtpFault[];
  /** Begins with these mails. */
  saved?: SavedSmtp | undefined;
};

/** A mail server that stands in for OpenSMTPD: its order of commands, its refusals, a record of mails, and faults on demand. */
export type SmtpStandIn = {
  readonly name: string;
  readonly mails: SmtpMail[];
  readonly faults: SmtpFault[];
  /** Each command without passwords, with its answer's first line. */
  readonly commands: { at: Date; command: string; answer: string }[];
  /** Speaks on a connection that somebody else has accepted. `secure`: TLS comes first, as on port 465. */
  accept(socket: Duplex, how?: { secure?: boolean }): void;
  /** Serves on a free port of 127.0.0.1. */
  listen(how?: { secure?: boolean }): Promise<{ port: number; close(): Promise<void> }>;
  save(): SavedSmtp;
  /** Cuts all connections. */
  close(): Promise<void>;
};

export function createSmtpStandIn(options: SmtpStandInOptions): SmtpStandIn {
  const mails: SmtpMail[] = options.saved ? unseal(options.saved) : [];
  const commands: SmtpStandIn["commands"] = [];
  const faults = options.faults ?? [];
  const sockets = new Set<Duplex>();
  const servers = new Set<() => Promise<void>>();
  const name = options.name ?? "mail.example.org";
  const context =
    options.tls && ("key" in options.tls ? createSecureContext(options.tls) : options.tls);
  const session: SessionOptions = {
    name,
    accounts: options.accounts,
    context,
    limit: options.limit ?? 35 * 1024 * 1024,
    domains: options.domains?.map((domain) => domain.toLowerCase()),
    faults,
    heard: (command, answer) => {
      commands.push({ at: options.clock.now(), command, answer: answer.split("\n")[0] ?? "" });
    },
    took: ({ from, to, raw, user }) => {
      mails.push({
        from,
        to,
        ...readMessage(raw),
        at: options.clock.now(),
        ...(user === undefined ? {} : { user }),
        raw,
      });
    },
  };

  const accept: SmtpStandIn["accept"] = (socket, how = {}) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => socket.destroy());
    const secure = how.secure === true;
    if (secure && !context) throw new Error(`stand-in ${name} has no key for TLS`);
    const spoken = secure && context ? encrypt(socket, context) : socket;
    void converse(spoken, secure, session).catch(() => socket.destroy());
  };

  const listen: SmtpStandIn["listen"] = async (how) => {
    const server = createServer((socket) => accept(socket, how));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const close = async (): Promise<void> => {
      servers.delete(close);
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    };
    servers.add(close);
    return { port: (server.address() as AddressInfo).port, close };
  };

  return {
    name,
    mails,
    faults,
    commands,
    accept,
    listen,
    save: () => seal(mails),
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await Promise.all([...servers].map((close) => close()));
    },
  };
}
