/** An admission rule that refuses an object, as the cluster's sentence names it. */
export type SaidNo = { rule: string; message: string; silent: boolean };

/** Reads whose rule said no, and what; `silent`: it could not be asked. Undefined when no rule is named. */
export function ruleThatSaysNo(said: string): SaidNo | undefined {
  const webhook =
    /admission webhook "([^"]+)" denied the request(?:: ?(.*)| without explanation)?/s.exec(said);
  if (webhook)
    return {
      rule: webhook[1] ?? "",
      message: first(webhook[2]) || "no reason given",
      silent: false,
    };
  const policy =
    /ValidatingAdmissionPolicy '([^']+)'(?: with binding '[^']*')? denied request: ?(.*)/s.exec(
      said,
    );
  if (policy) return { rule: policy[1] ?? "", message: first(policy[2]), silent: false };
  const silent = /failed calling webhook "([^"]+)": ?(.*)/s.exec(said);
  if (silent) return { rule: silent[1] ?? "", message: first(silent[2]), silent: true };
  return undefined;
}

function first(text: string | undefined): string {
  return (text ?? "").trim().slice(0, 300);
}
