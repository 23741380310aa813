export { createTransport, type TransportOptions } from "./node-transport.ts";
export type { Mail, MailOutcome } from "./smtp.ts";
export {
  outcomeUnknown,
  type Answer,
  type Body,
  type Outgoing,
  type SentRequest,
  type Transport,
  type Trust,
} from "./transport.ts";

/** As in smtp.ts; what speaks SMTP is loaded by those alone who send mail. */
export const sendMail: typeof import("./smtp.ts").sendMail = async (...given) =>
  (await import("./smtp.ts")).sendMail(...given);
