import type { Duplex } from "node:stream";
import { TLSSocket, type SecureContext } from "node:tls";
import { takeFault, type SmtpFault, type SmtpPoint } from "./fault.ts";
import { readLines } from "./lines.ts";

/** What one connection knows of the server that it is to. */
export type SessionOptions = {
  name: string;
  accounts: Record<string, string>;
  context: SecureContext | undefined;
  /** Largest message in bytes. */
  limit: number;
  /** Receivers outside these domains are refused; undefined takes all. */
  domains: readonly string[] | undefined;
  faults: SmtpFault[];
  /** Told of each command, without passwords, and of its answer. */
  heard(command: string, answer: string): void;
  took(mail: { from: string; to: string[]; raw: Buffer; user: string | undefined }): void;
};

type Answer = string;
type Transaction = { from: string; to: string[] };
/** The fault has taken the connection: nothing is read or written any more. */
const gone = Symbol("gone");

const notNow = "503 5.5.1 Invalid command: Command not allowed at this point.";
const unsupported = "503 5.5.1 Invalid command: Command not supported";
const syntaxError = "501 5.5.2 Syntax error: Syntax error";
const local = "[^\\s<>@]+";
const address = new RegExp(`^<(?:|${local}@[A-Za-z0-9.-]+)>$`);

/** Speaks SMTP with one client until it leaves, as OpenSMTPD does: order, refusals and their words are that server's. */
export async function converse(
  plain: Duplex,
  secure: boolean,
  options: SessionOptions,
): Promise<void> {
  let socket: Duplex = plain;
  let encrypted = secure;
  let lines = readLines(socket);
  let greeted = false;
  let user: string | undefined;
  let transaction: Transaction | undefined;

  const write = (answer: string): void => {
    if (!socket.destroyed && socket.writable) socket.write(`${answer.replace(/\n/g, "\r\n")}\r\n`);
  };
  /** Does what is planned for this point; a text takes the place of the answer. */
  const strike = (at: SmtpPoint, when: SmtpFault["when"]): Answer | typeof gone | undefined => {
    const does = takeFault(options.faults, at, when, transaction?.to ?? []);
    if (does === undefined) return undefined;
    if (typeof does === "object") return does.reply;
    if (does === "hang") return gone;
    if (typeof does === "function" && does() !== "gone") return undefined;
    // Behind an answer the connection is closed in order, so that the answer arrives.
    if (when === "answered") socket.end();
    else socket.destroy();
    return gone;
  };
  /** One command with its faults; false when the connection is over. */
  const step = async (
    at: SmtpPoint,
    command: string,
    act: () => Answer | Promise<Answer | typeof gone>,
  ): Promise<boolean> => {
    const before = strike(at, "before");
    if (before === gone) return false;
    const done = before ?? (await act());
    if (done === gone) return false;
    const after = strike(at, "after");
    if (after === gone) return false;
    const answer = after ?? done;
    options.heard(command, answer);
    write(answer);
    return strike(at, "answered") !== gone && !answer.startsWith("421");
  };

  const hello = (argument: string, extended: boolean): Answer => {
    if (!/^\S+$/.test(argument))
      return `501 5.5.1 Invalid command: ${extended ? "EHLO" : "HELO"} requires domain name`;
    if (greeted) return "503 5.5.1 Invalid command: Already identified";
    greeted = true;
    const welcome = `${options.name} Hello ${argument} [127.0.0.1], pleased to meet you`;
    if (!extended) return `250 ${welcome}`;
    return [
      `250-${welcome}`,
      "250-8BITMIME",
      "250-ENHANCEDSTATUSCODES",
      `250-SIZE ${options.limit}`,
      "250-DSN",
      ...(options.context && !encrypted ? ["250-STARTTLS"] : []),
      ...(encrypted ? ["250-AUTH PLAIN LOGIN"] : []),
      "250 HELP",
    ].join("\n");
  };

  const prompt = async (question: string): Promise<string | undefined> => {
    write(`334 ${question}`);
    return (await lines.next())?.toString("utf8");
  };

  const login = async (argument: string): Promise<Answer | typeof gone> => {
    const [method = "", first] = argument.split(/\s+/);
    if (method === "") return "501 5.5.4 Invalid command arguments: No parameters given";
    let given: string[];
    if (method.toUpperCase() === "PLAIN") {
      const answer = first ?? (await prompt(""));
      if (answer === undefined) return gone;
      given = (unbase64(answer) ?? "").split("\0").slice(1);
      if (given.length !== 2) return syntaxError;
    } else if (method.toUpperCase() === "LOGIN") {
      const name = first ?? (await prompt("VXNlcm5hbWU6"));
      if (name === undefined) return gone;
      if (unbase64(name) === undefined) return syntaxError;
      const word = await prompt("UGFzc3dvcmQ6");
      if (word === undefined) return gone;
      if (unbase64(word) === undefined) return syntaxError;
      given = [unbase64(name) ?? "", unbase64(word) ?? ""];
    } else {
      return `504 5.7.4 Security features not supported: AUTH method "${method}" not supported`;
    }
    const [name = "", password] = given;
    if (!Object.hasOwn(options.accounts, name) || options.accounts[name] !== password)
      return "535 Authentication failed";
    user = name;
    return "235 2.0.0 Authentication succeeded";
  };

  const mail = (argument: string): Answer => {
    const [, from] = /^FROM:\s*(\S*)/i.exec(argument) ?? [];
    if (from === undefined || !address.test(from)) return "553 5.1.0 Sender address syntax error";
    transaction = { from: from.slice(1, -1), to: [] };
    return "250 2.0.0 Ok";
  };

  const receiver = (open: Transaction, argument: string): Answer => {
    const [, to] = /^TO:\s*(\S*)/i.exec(argument) ?? [];
    if (to === undefined || !/^<\S+>$/.test(to)) return "501 5.1.3 Recipient address syntax error";
    // A name alone is one of this machine's own people.
    const receiver = to.includes("@") ? to.slice(1, -1) : `${to.slice(1, -1)}@${options.name}`;
    const domain = receiver.split("@")[1]?.toLowerCase() ?? "";
    if (options.domains && !options.domains.includes(domain))
      return `550 Invalid recipient: <${receiver}>`;
    open.to.push(receiver);
    return "250 2.1.5 Destination address valid: Recipient ok";
  };

  /** Reads the message to its final dot; undefined when the client went away or the fault took it. */
  const body = async (): Promise<Buffer | undefined> => {
    const read: Buffer[] = [];
    for (;;) {
      const line = await lines.next();
      if (line === undefined) return undefined;
      if (read.length === 0 && strike("BODY", "before") === gone) return undefined;
      if (line.length === 1 && line[0] === 0x2e) return Buffer.concat(read);
      read.push(line[0] === 0x2e ? line.subarray(1) : line, Buffer.from("\r\n"));
    }
  };

  const take = (open: Transaction, raw: Buffer): Answer => {
    if (raw.length > options.limit)
      return "554 5.3.4 Message too big for system: Transaction failed, message too big";
    if (!/^[!-9;-~]+[ \t]*:/.test(raw.toString("latin1", 0, 1000)))
      return "550 5.7.1 Delivery not authorized, message refused: Message is not RFC 2822 compliant";
    options.took({ from: open.from, to: [...open.to], raw, user });
    return "250 2.0.0 8c1f5a2e Message accepted for delivery";
  };

  /** The commands that are allowed now, each with the place of its faults. */
  const answer = async (verb: string, argument: string, line: string): Promise<boolean> => {
    switch (verb) {
      case "EHLO":
      case "HELO":
        return step("EHLO", line, () => hello(argument, verb === "EHLO"));
      case "NOOP":
        return step("EHLO", line, () => "250 2.0.0 Ok");
      case "HELP":
        return step("EHLO", line, () => "214 2.0.0 End of HELP info");
      case "STARTTLS":
        return startTls(argument, line);
      case "AUTH":
        return step("AUTH", `AUTH ${argument.split(/\s+/)[0] ?? ""}`, () => {
          if (!greeted || transaction) return notNow;
          if (!encrypted) return unsupported;
          if (user !== undefined) return "503 5.5.1 Invalid command: Already authenticated";
          return login(argument);
        });
      case "MAIL":
        return step("MAIL", line, () => {
          if (!greeted || transaction) return notNow;
          if (options.context && !encrypted)
            return "530 5.5.1 Invalid command: Must issue a STARTTLS command first";
          if (Object.keys(options.accounts).length > 0 && user === undefined)
            return "530 5.5.1 Invalid command: Must issue an AUTH command first";
          return mail(argument);
        });
      case "RCPT":
        return step("RCPT", line, () => (transaction ? receiver(transaction, argument) : notNow));
      case "RSET":
        return step("EHLO", line, () => {
          if (!greeted) return notNow;
          transaction = undefined;
          return "250 2.0.0 Reset state";
        });
      case "DATA":
        return message(line);
      case "QUIT":
        await step("QUIT", line, () => "221 2.0.0 Bye");
        socket.end();
        return false;
      default:
        return step("EHLO", line, () => "500 5.5.1 Invalid command: Command unrecognized");
    }
  };

  const startTls = async (argument: string, line: string): Promise<boolean> => {
    let allowed = false;
    const goesOn = await step("STARTTLS", line, () => {
      if (!greeted || transaction) return notNow;
      if (encrypted) return "503 5.5.1 Invalid command: Channel already secured";
      if (!options.context) return unsupported;
      if (argument !== "") return "501 5.5.4 Invalid command arguments: No parameters allowed";
      allowed = true;
      return "220 2.0.0 Ready to start TLS";
    });
    if (!goesOn || !allowed || !options.context) return goesOn;
    // What a client sent ahead was sent in the clear and is not heard (RFC 3207, 6).
    lines.release();
    socket = encrypt(socket, options.context);
    lines = readLines(socket);
    encrypted = true;
    greeted = false;
    return true;
  };

  const message = async (line: string): Promise<boolean> => {
    let open: Transaction | undefined;
    const goesOn = await step("DATA", line, () => {
      if (!transaction) return notNow;
      if (transaction.to.length === 0)
        return "503 5.5.4 Invalid command arguments: No recipient specified";
      open = transaction;
      return '354 Enter mail, end with "." on a line by itself';
    });
    if (!goesOn || open === undefined) return goesOn;
    const taken = open;
    const raw = await body();
    if (raw === undefined) return false;
    const ended = await step("DOT", ".", () => take(taken, raw));
    transaction = undefined;
    return ended;
  };

  if (!(await step("CONNECT", "", () => `220 ${options.name} ESMTP OpenSMTPD`))) return;
  for (;;) {
    const line = await lines.next();
    if (line === undefined) {
      socket.destroy();
      return;
    }
    const text = line.toString("utf8");
    const [, verb = "", argument = ""] = /^(\S*)\s*([\s\S]*?)\s*$/.exec(text) ?? [];
    if (lines.ahead() && verb.toUpperCase() !== "STARTTLS") {
      write("500 5.5.1 Invalid command: Pipelining not supported");
      socket.end();
      return;
    }
    if (!(await answer(verb.toUpperCase(), argument, text))) return;
  }
}

/** The server's side of TLS on a connection. */
export function encrypt(socket: Duplex, secureContext: SecureContext): TLSSocket {
  const secured = new TLSSocket(socket as never, { isServer: true, secureContext });
  secured.on("error", () => secured.destroy());
  return secured;
}

function unbase64(text: string): string | undefined {
  return /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text)
    ? Buffer.from(text, "base64").toString("utf8")
    : undefined;
}
