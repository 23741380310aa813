/** A place in the conversation. `BODY`: the first line of the message has come. `DOT`: all of it has. */
export type SmtpPoint =
  | "CONNECT"
  | "EHLO"
  | "STARTTLS"
  | "AUTH"
  | "MAIL"
  | "RCPT"
  | "DATA"
  | "BODY"
  | "DOT"
  | "QUIT";

/**
 * Fires at most once. `before` it takes effect; `after` it took effect and before the answer; `answered`: behind the answer.
 * At `BODY` and at `CONNECT` there is nothing to answer but the greeting. A function that returns `gone` stands for a
 * client that is no longer there.
 */
export type SmtpFault = {
  at: SmtpPoint;
  when: "before" | "after" | "answered";
  does: "reset" | "hang" | { reply: string } | (() => void | "gone");
  /** Only for mails to this address; counts from RCPT on. */
  to?: string;
};

/** Takes the first fault that is planned for this point. */
export function takeFault(
  faults: SmtpFault[],
  at: SmtpPoint,
  when: SmtpFault["when"],
  to: readonly string[],
): SmtpFault["does"] | undefined {
  const index = faults.findIndex(
    (fault) =>
      fault.at === at && fault.when === when && (fault.to === undefined || to.includes(fault.to)),
  );
  return index < 0 ? undefined : faults.splice(index, 1)[0]?.does;
}
