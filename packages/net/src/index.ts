export { createTransport, type TransportOptions } from "./node-transport.ts";
export { sendMail, type Mail, type MailOutcome } from "./smtp.ts";
export {
  outcomeUnknown,
  type Answer,
  type Body,
  type Outgoing,
  type SentRequest,
  type Transport,
  type Trust,
} from "./transport.ts";
