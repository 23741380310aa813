import type { Socket } from "node:net";
import { Readable } from "node:stream";
import SMTPConnection from "nodemailer/lib/smtp-connection";
import { readLetter, type Letter } from "./smtp-letter.ts";
import { goesUnencrypted, openConnection } from "./smtp-route.ts";

/** One message to one receiver. */
export type Mail = {
  /** `smtps://user@host:465` (TLS from the start) or `smtp://host:587` (STARTTLS, without which only a loopback address is spoken to). */
  server: string;
  /** Default: the user in the server's address, else the sender's address. */
  username?: string;
  /** Without it there is no login. */
  password?: string;
  /** `address` or `Name <address>`, as `to`. */
  from: string;
  to: string;
  subject: string;
  text: string;
  /** `<left@right>` */
  messageId: string;
  headers?: Record<string, string>;
};

/**
 * What is known of a message that was sent once.
 * `sent`: the server took it. `refused`: it was surely not delivered. `unknown`: all of it was handed over and no answer says
 * what became of it. `said`: one line, the server's own words where there are any; foreign text, without the password.
 */
export type MailOutcome = { outcome: "sent" | "refused" | "unknown"; said: string };

const defaultTimeout = 60_000;
/** A server that says nothing to QUIT holds nobody up. */
const farewell = 1000;

/**
 * Sends a message, once, directly or through the proxy of `https_proxy`. Never throws: what stands against sending it is a
 * refusal, and line ends in subject, names, addresses and headers are refused before anything is sent.
 * @param options.timeout milliseconds for everything together, default 60 000
 */
export async function sendMail(
  mail: Mail,
  options: { env: Record<string, string | undefined>; timeout?: number },
): Promise<MailOutcome> {
  const letter = await readLetter(mail);
  if (typeof letter === "string") return { outcome: "refused", said: letter };

  const timeout = options.timeout ?? defaultTimeout;
  const limit = new AbortController();
  const timer = setTimeout(() => {
    limit.abort(new Error(`no outcome within ${Math.ceil(timeout / 1000)} s`));
  }, timeout);
  const handover: Handover = { complete: false };
  let socket: Socket | undefined;
  try {
    socket = await openConnection(letter.server, options.env, limit.signal);
    const unencrypted = goesUnencrypted(letter.server);
    const answer = await converse(socket, letter, unencrypted, handover, limit.signal);
    return { outcome: "sent", said: speakable(answer, letter) };
  } catch (error) {
    // Nothing that is still queued may leave after the outcome was told.
    socket?.destroy();
    const open = handover.complete && !isAnswerToMessage(error);
    return {
      outcome: open ? "unknown" : "refused",
      said: speakable(reason(error, letter), letter),
    };
  } finally {
    clearTimeout(timer);
  }
}

/** Complete: the message's end was given to the connection, so that the server may have all of it. */
type Handover = { complete: boolean };

/** Speaks SMTP on an open connection until the server has answered the final dot; that answer when it took the message. */
function converse(
  socket: Socket,
  letter: Letter,
  unencrypted: boolean,
  handover: Handover,
  limit: AbortSignal,
): Promise<string> {
  const { server, username, password, message } = letter;
  const connection = new SMTPConnection({
    host: server.host,
    port: server.port,
    connection: socket,
    secure: server.secure,
    secured: server.secure,
    requireTLS: !server.secure && !unencrypted,
  });
  return new Promise((resolve, reject) => {
    let over = false;
    const fail = (error: unknown): void => {
      over = true;
      reject(error instanceof Error ? error : new Error("the connection failed"));
      connection.close();
    };
    if (limit.aborted) return fail(limit.reason);
    limit.addEventListener("abort", () => fail(limit.reason));
    connection.on("error", fail);
    connection.on("end", () => fail(new Error("the connection ended")));

    const send = (): void => {
      const source = Readable.from(pieces(message), { objectMode: false });
      // This listener runs before the one that writes the final dot: until here there surely was none.
      // After a refused sender or receiver the message is read to its end too, and goes nowhere.
      source.once("end", () => {
        if (!over) handover.complete = true;
      });
      const envelope = { from: letter.from, to: [letter.to], size: message.length };
      connection.send(envelope, source, (error, info) => {
        if (error || !info) return fail(error);
        if (!handover.complete)
          return fail(new Error("an answer came before the message was over"));
        if (!/^2\d\d\b/.test(info.response)) return fail(new Error("its last answer is none"));
        resolve(info.response);
        leave(connection, socket);
      });
    };
    connection.connect((error) => {
      if (error) return fail(error);
      if (password === undefined) return send();
      if (!connection.allowsAuth) return fail(new Error("it offers no login"));
      connection.login({ user: username, pass: password }, (refusal) =>
        refusal ? fail(refusal) : send(),
      );
    });
  });
}

/** Says QUIT and does not wait for the answer: the outcome is known. */
function leave(connection: SMTPConnection, socket: Socket): void {
  connection.quit();
  connection.close();
  socket.unref();
  const timer = setTimeout(() => socket.destroy(), farewell).unref();
  socket.once("close", () => clearTimeout(timer));
}

/** In pieces, so that a connection that is cut in the middle of a large message is seen to be cut there. */
function* pieces(message: Buffer): Generator<Buffer> {
  for (let at = 0; at < message.length; at += 16_384) yield message.subarray(at, at + 16_384);
}

/** 4xx or 5xx to the final dot: the server has not taken the message. */
function isAnswerToMessage(error: unknown): boolean {
  if (typeof error !== "object" || error === null) return false;
  const { command, responseCode } = error as { command?: unknown; responseCode?: unknown };
  return (
    command === "DATA" &&
    typeof responseCode === "number" &&
    responseCode >= 400 &&
    responseCode < 600
  );
}

function reason(error: unknown, letter: Letter): string {
  const server = `${letter.server.host}:${letter.server.port}`;
  if (typeof error !== "object" || error === null) return `${server}: no reason given`;
  const { response, command, message, code } = error as Record<string, unknown>;
  if (typeof response === "string") {
    return `${server} answered${typeof command === "string" && command !== "CONN" ? ` to ${command}` : ""}: ${response}`;
  }
  const why = typeof message === "string" && message !== "" ? message : code;
  return `${server}: ${typeof why === "string" ? why : "no reason given"}`;
}

/** One line that may be shown: servers are free to answer anything, the login included. */
function speakable(text: string, letter: Letter): string {
  const { username, password } = letter;
  const secrets = password
    ? [password, base64(password), base64(`\0${username}\0${password}`)]
    : [];
  const masked = secrets.reduce((said, secret) => said.replaceAll(secret, "***"), text);
  const line = masked.replace(/[\p{Cc}\u2028\u2029]+/gu, " ").trim();
  return line.length > 300 ? `${line.slice(0, 299)}…` : line;
}

function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}
