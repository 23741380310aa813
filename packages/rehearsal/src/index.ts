export { rehearse, type Place } from "./command.ts";
