import type { Happening } from "../world/happening.ts";

/** Where a line of the live report goes, and whether it may carry colour. */
export type Screen = { line(text: string): void; colour: boolean };

/** Prints what happens in a rehearsed world, as it happens: time there, who, what, how long here. */
export function timeline(screen: Screen): (happening: Happening) => void {
  const paint = painter(screen.colour);
  const time = (at: Date): string => paint.dim(at.toISOString().slice(5, 19).replace("T", " "));
  const took = (milliseconds: number): string => paint.dim(seconds(milliseconds));

  return (happening) => {
    const at = time(happening.at);
    switch (happening.kind) {
      case "act":
        screen.line(`${at}  ${paint.bold(happening.who.padEnd(6))} ${plain(happening.what)}`);
        return;
      case "run-started":
        screen.line(
          `${at}  github starts ${happening.run.name} #${happening.run.number} (${happening.why})`,
        );
        return;
      case "step-ended":
        if (happening.outcome === "skipped") return;
        screen.line(
          `${at}           ${mark(paint, happening.outcome)} ${happening.job}: ${happening.step}  ${took(happening.milliseconds)}`,
        );
        return;
      case "annotation":
        screen.line(`${at}             ${happening.level}: ${plain(happening.says)}`);
        return;
      case "job-ended":
        if (happening.result === "skipped")
          screen.line(`${at}           ${paint.dim(`- ${happening.job} is skipped`)}`);
        return;
      case "run-ended":
        screen.line(
          `${at}  github ${happening.run.name} #${happening.run.number} ended: ${mark(paint, happening.run.result?.conclusion ?? "")} ${happening.run.result?.conclusion ?? ""}  ${took(happening.milliseconds)}`,
        );
    }
  };
}

type Paint = ReturnType<typeof painter>;

/** Colours for a terminal; plain text elsewhere. */
export function painter(colour: boolean) {
  const code = (number: number) => (text: string) =>
    colour ? `\u001b[${number}m${text}\u001b[0m` : text;
  return { bold: code(1), dim: code(2), red: code(31), green: code(32) };
}

export function mark(paint: Paint, result: string): string {
  return result === "success"
    ? paint.green("✓")
    : result === "skipped"
      ? paint.dim("-")
      : paint.red("✗");
}

export function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}

/** Foreign text on one line, without what a terminal would obey. */
export function plain(text: string): string {
  // oxlint-disable-next-line no-control-regex -- these are the characters to take out
  return text.replaceAll(/\s*\n\s*/g, " / ").replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, "");
}
