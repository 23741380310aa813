export { Fault, refuse, type Finding, type Refusal } from "./fault.ts";
export { reasonGroups, reasons, type ReasonName, type ReasonText } from "./reasons.ts";
export { codes, type Code, type CodeText } from "./table.ts";
export { shellQuoted, tellReason, type ToldReason } from "./telling.ts";
