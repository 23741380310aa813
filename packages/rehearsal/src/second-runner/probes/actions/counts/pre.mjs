import { note } from "./stage.mjs";

note("pre");
