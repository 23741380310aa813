/** RA12xx: gate. */
export const gate = {
} as const;
